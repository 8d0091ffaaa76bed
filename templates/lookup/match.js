/* Wording: which known replies and phrases a text holds. */

/** Words of the known replies and phrases, with how telling each is. */
function wordingOf(index, parts) {
  const replies = [];
  index.replies.forEach(function (row) {
    row.slice(1).forEach(function (told) {
      told.slice(1).forEach(function (text) {
        const codes = parts.map(function (part) {
          const first = text.split(" ", 1)[0];
          if (!part.whole.test(first)) return "";
          text = text.slice(first.length + 1);
          return first;
        });
        replies.push({ entry: row[0], sender: told[0], codes: codes, words: wordsOf(text) });
      });
    });
  });
  const phrases = [].concat.apply([], index.phrases.map(function (row) {
    return row.slice(1).map(function (phrase) {
      const words = phraseWords(phrase);
      return { entry: row[0], words: words, weight: words.filter(function (word) { return word[0] !== "*"; }).length };
    });
  }));
  const counts = new Map();
  function count(word) { counts.set(word, (counts.get(word) || 0) + 1); }
  replies.forEach(function (one) { new Set(one.words).forEach(count); });
  const total = replies.length + 2;
  const weigh = function (word) { return Math.log(total / ((counts.get(word) || 0) + 0.5)); };
  const byWord = new Map();
  replies.forEach(function (one, number) {
    one.unique = Array.from(new Set(one.words));
    one.pairs = new Set(one.words.slice(1).map(function (word, i) { return one.words[i] + " " + word; }));
    one.weight = one.unique.reduce(function (sum, word) { return sum + weigh(word); }, 0);
    one.unique.forEach(function (word) {
      if (!byWord.has(word)) byWord.set(word, []);
      byWord.get(word).push(number);
    });
  });
  const byStart = new Map();
  phrases.forEach(function (one) {
    one.words[0].forEach(function (word) {
      if (!byStart.has(word)) byStart.set(word, []);
      byStart.get(word).push(one);
    });
  });
  return { replies: replies, byWord: byWord, byStart: byStart, weigh: weigh };
}

/** A phrase as lists of words that may stand at each place. */
function phraseWords(phrase) {
  return [].concat.apply([], phrase.split(" ").map(function (word) {
    if (word === "*") return [["*"]];
    return word.indexOf("|") > 0 ? [word.split("|")] : wordsOf(word).map(function (one) { return [one]; });
  }));
}

function isTelling(word) {
  return !/^\d+$/.test(word) && word.length > 2 && word.length < 40 && !/^https?$|^www$/.test(word);
}

/**
 * Known replies that a reply's words make likely, best first, at most eight: [{entry, sender, score 0..1, weight,
 * agrees}], where agrees tells how many of the stated codes are the known reply's own, less those that are not.
 */
function knownReplies(wording, words, codes) {
  const told = words.filter(isTelling).slice(0, 160);
  const unique = new Set(told);
  const pairs = new Set(told.slice(1).map(function (word, i) { return told[i] + " " + word; }));
  const sums = new Map();
  let all = 0;
  unique.forEach(function (word) {
    const weight = wording.weigh(word);
    all += weight;
    (wording.byWord.get(word) || []).forEach(function (number) {
      sums.set(number, (sums.get(number) || 0) + weight);
    });
  });
  const found = [];
  sums.forEach(function (sum, number) {
    const one = wording.replies[number];
    const cover = sum / one.weight;
    if (cover < 0.55) return;
    let held = 0;
    one.pairs.forEach(function (pair) { if (pairs.has(pair)) held += 1; });
    const order = one.pairs.size ? held / one.pairs.size : 1;
    const back = Math.min(1, sum / all);
    const share = one.weight > 25 ? 0.1 : one.weight > 14 ? 0.2 : 0.35; /* a short reply must be nearly all of the text */
    const score = (0.6 * cover + 0.4 * order) * (1 - share + share * back);
    let agrees = 0;
    one.codes.forEach(function (code, part) { if (code && codes[part]) agrees += code === codes[part] ? 1 : -1; });
    found.push({ entry: one.entry, sender: one.sender, score: score, weight: one.weight, agrees: agrees, words: one.unique });
  });
  found.sort(function (a, b) { return b.score + b.agrees / 20 - a.score - a.agrees / 20 || b.weight - a.weight; });
  return found.slice(0, 8);
}

/** Phrases in a run of words: [{entry, weight, from, to}]; `*` in a phrase stands for up to four words. */
function phrasesIn(wording, words) {
  const found = [];
  words.forEach(function (word, at) {
    (wording.byStart.get(word) || []).forEach(function (phrase) {
      const end = phraseEnd(phrase.words, words, at);
      if (end) found.push({ entry: phrase.entry, weight: phrase.weight, from: at, to: end });
    });
  });
  return found;
}

function phraseEnd(phrase, words, at) {
  let i = at, gap = 0;
  for (let k = 0; k < phrase.length; k += 1) {
    if (phrase[k][0] === "*") {
      gap = 4;
      continue;
    }
    let step = 0;
    while (i < words.length && step <= gap && phrase[k].indexOf(words[i]) < 0) {
      i += 1;
      step += 1;
    }
    if (i >= words.length || step > gap) return 0;
    i += 1;
    gap = 0;
  }
  return i;
}
