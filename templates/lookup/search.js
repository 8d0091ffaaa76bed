/* Names and plain words: entries, senders and other pages whose words fit what is typed, misspelt or not. */

function searchOf(index, lookup) {
  const docs = [];
  const phrases = new Map();
  index.phrases.forEach(function (row) {
    phrases.set(row[0], (phrases.get(row[0]) || "") + " " + row.slice(1).join(" ").replace(/[|*]/g, " "));
  });
  index.entries.forEach(function (entry, number) {
    const sender = entry.sender >= 0 ? index.senders[entry.sender] : null;
    docs.push({
      kind: "entry", number: number, page: "errors/" + entry.slug + ".html", title: entry.title,
      words: wordsOf(entry.title), more: wordsOf((phrases.get(number) || "") + " " + (sender ? sender.name + " " + sender.others.join(" ") + " " + sender.slug : "")),
    });
  });
  index.senders.forEach(function (sender) {
    docs.push({ kind: "sender", page: "senders/" + sender.slug + ".html", title: sender.name, words: wordsOf(sender.name + " " + sender.slug), more: wordsOf(sender.others.join(" ") + " " + sender.domains.join(" ")) });
  });
  index.pages.forEach(function (row) {
    docs.push({ kind: "page", page: row[0], title: row[1], words: wordsOf(row[1] + " " + row[0].replace(/^\w+\/|\.html$/g, "")), more: [] });
  });
  const vocabulary = new Map();
  docs.forEach(function (doc) {
    new Set(doc.words.concat(doc.more)).forEach(function (word) { vocabulary.set(word, (vocabulary.get(word) || 0) + 1); });
  });
  const all = Array.from(vocabulary.keys());
  const idle = new Set(["a", "an", "and", "at", "by", "error", "for", "from", "in", "is", "it", "my", "of", "on", "or", "the", "to", "was", "what", "why", "with"]);

  /** Words of the index that a typed word may mean, each with how well: itself, longer ones, near ones. */
  function meant(word, isLast) {
    const found = new Map();
    if (vocabulary.has(word)) found.set(word, 1);
    if (word.length > 1) {
      all.forEach(function (other) {
        if (other !== word && other.length > word.length && other.indexOf(word) === 0) found.set(other, isLast ? 0.8 : 0.6);
      });
    }
    if (!found.size && word.length > 3) {
      const reach = word.length > 6 ? 2 : 1;
      all.forEach(function (other) {
        if (Math.abs(other.length - word.length) <= reach && distance(word, other, reach) <= reach) found.set(other, 0.5);
      });
    }
    return found;
  }

  /** At most `most` pages for typed words, best first: [{kind, page, title, number, score}]. */
  return function (typed, most) {
    const words = wordsOf(typed.normalize("NFKC")).filter(function (word) { return !idle.has(word); }).slice(0, 12);
    if (!words.length) return [];
    const digits = typed.trim().replace(/\s+/g, " ");
    const meanings = words.map(function (word, i) { return meant(word, i === words.length - 1); });
    const found = [];
    docs.forEach(function (doc) {
      let score = 0, hits = 0;
      meanings.forEach(function (meaning) {
        let best = 0;
        doc.words.forEach(function (word) { if (meaning.has(word)) best = Math.max(best, meaning.get(word) * rarity(word) * 1.4); });
        doc.more.forEach(function (word) { if (meaning.has(word)) best = Math.max(best, meaning.get(word) * rarity(word)); });
        if (best) hits += 1;
        score += best;
      });
      if (doc.kind === "entry") {
        const codes = index.entries[doc.number].codes.filter(Boolean);
        if (/^[\d.\s-]+$/.test(digits) && (codes.join(" ").indexOf(digits) === 0 || codes.some(function (code) { return code.indexOf(digits) === 0; }))) {
          score += 12 - codes.length;
          hits = words.length;
        }
      }
      if (!hits) return;
      score *= hits / words.length;
      if (doc.kind === "sender" && doc.words.length && hits === words.length && meanings.every(function (meaning) { return doc.words.some(function (word) { return (meaning.get(word) || 0) >= 0.5; }); })) score += 4; /* a name, and nothing but it */
      if (doc.kind === "entry" && index.entries[doc.number].sender >= 0) score -= 0.2;
      found.push({ kind: doc.kind, page: doc.page, title: doc.title, number: doc.number, score: score, hits: hits });
    });
    const full = found.filter(function (one) { return one.hits === words.length; });
    return (full.length ? full : found).sort(function (a, b) { return b.score - a.score || (a.page < b.page ? -1 : 1); }).slice(0, most);
  };

  function rarity(word) {
    return Math.log(1 + docs.length / vocabulary.get(word));
  }
}

/** Edits, and swaps of neighbours, between two words; more than `most` is told as most + 1. */
function distance(a, b, most) {
  let before = [], last = Array.from({ length: b.length + 1 }, function (_, i) { return i; });
  for (let i = 1; i <= a.length; i += 1) {
    const now = [i];
    let least = i;
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      now[j] = Math.min(last[j] + 1, now[j - 1] + 1, last[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) now[j] = Math.min(now[j], before[j - 2] + 1);
      least = Math.min(least, now[j]);
    }
    if (least > most) return most + 1;
    before = last;
    last = now;
  }
  return last[b.length];
}
