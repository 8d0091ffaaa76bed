/* From a text to entries: what befell each addressee, the codes, the sender, the wording, and the pages that fit. */

/** The index with names where its rows have places. */
function named(rows) {
  return Object.assign({}, rows, {
    classes: new Map(rows.classes.map(function (row) { return [row[0], { label: row[1], shape: row[2] }]; })),
    senders: rows.senders.map(function (row) {
      return { slug: row[0], name: row[1], others: row[2], hosts: row[3], marks: row[4], reports: row[5], domains: row[6], isGeneric: Boolean(row[7]) };
    }),
    entries: rows.entries.map(function (row) {
      const codes = row[1].split(",");
      return {
        slug: codes.filter(Boolean).join("-") + (row[2] >= 0 ? "-" + rows.senders[row[2]][0] : "") + row[0], codes: codes, sender: row[2], title: row[3],
        facts: row[4].split(".").map(function (fact) { return fact ? fact.split(",").map(Number) : []; }), retired: Boolean(row[5]),
      };
    }),
  });
}

/** A lookup over an index: {answer, wording, parts, rules}. */
function lookupOf(index) {
  const parts = index.parts.map(partOf);
  const rules = rulesOf(index.rules);
  const wording = wordingOf(index, parts);
  const senders = sendersOf(index);
  const entries = index.entries;
  const failing = new Set(index.rules.failing);
  const general = new Map(); /* number of the entry by class */
  Object.keys(index.rules.general || {}).forEach(function (digit) {
    const number = entries.findIndex(function (entry) { return entry.slug === index.rules.general[digit]; });
    if (number >= 0) general.set(digit, number);
  });
  const catchall = new Set(general.values());

  /**
   * What became of each addressee in a pasted text, best first. Each answer is
   * {results: [{slug, basic.., sender, score}], codes, implied, sender, marks, excerpt, known, confidence}.
   */
  function answer(raw) {
    const text = unfolded(cleaned(raw), parts);
    const bare = bareCodes(text);
    if (bare) return [ranked({ text: text, codes: bare, isBare: true })].filter(Boolean);
    const cases = casesIn(text, rules);
    const answers = cases.map(function (one) { return ranked(readCase(one, text)); }).filter(Boolean);
    return answers.length ? merged(answers) : [];
  }

  /** The codes of a text that holds nothing else, or null. */
  function bareCodes(text) {
    if (text.length > 40) return null;
    let left = " " + text.trim() + " ";
    const codes = parts.map(function (part) {
      const place = placesOf(part, left)[0];
      if (place) left = left.slice(0, place.at) + " ".repeat(place.end - place.at) + left.slice(place.end);
      return place ? place.code : "";
    });
    return codes.some(Boolean) && !/[\p{L}\p{N}]/u.test(left) ? codes : null;
  }

  function readCase(one, whole) {
    const text = one.text;
    const hidden = masked(text, rules.noise);
    const replies = repliesIn(text, hidden, rules, parts);
    const reply = chosenReply(replies);
    const told = reply ? unrepeated(reply.text, reply.codes) : text;
    let words = wordsOf(told.slice(0, 1500));
    const stated = reply ? reply.codes : parts.map(function () { return ""; });
    let known = knownReplies(wording, words, stated);
    let phrases = phrasesIn(wording, words);
    if (!phrases.length && (!reply || reply.weight < 3 || words.length < 6)) {
      words = wordsOf(text.slice(-4000));
      phrases = phrasesIn(wording, words);
      if (!known.length) known = knownReplies(wording, words, stated);
    }
    const fielded = fieldCodes(hidden);
    const read = codesOf(reply, replies, fielded);
    const phrase = bestPhrase(phrases, read.codes);
    const by = phrase && entries[phrase.entry].sender >= 0 ? known.concat({ sender: entries[phrase.entry].sender, score: 0.9, weight: 5 * phrase.weight, agrees: phrase.agrees }) : known;
    const scores = namedSenders(senders, text, one.about, reply, by, rules);
    return {
      text: text, whole: whole, reply: reply, codes: read.codes, late: read.late, known: known,
      phrase: phrase, words: words, isFielded: fielded.some(function (found) { return found.length > 0; }), sender: bestSender(scores), address: one.address,
    };
  }

  /** The reply that answers: after a mark, of a class that fails, and the last of these. */
  function chosenReply(replies) {
    const coded = replies.filter(function (one) { return one.codes.some(Boolean); });
    let best = null;
    coded.forEach(function (one) {
      const score = one.weight * 10 + (failing.has(classOf(one.codes)) ? 8 : -20) - (one.codes.some(isAside) ? 9 : 0) -
        (isVague(one.codes) ? 4 : 0) + (one.codes.every(Boolean) ? 1 : 0) + (one.codes[0] ? 3 : 0);
      if (!best || score > best.score || (one.isQuoted && score === best.score)) best = { one: one, score: score };
    });
    return best && best.one;
  }

  function isAside(code) { return rules.aside.has(code); }
  function isVague(codes) { return codes.some(function (code) { return rules.vague.has(code); }); }
  function classOf(codes) { return (codes.find(Boolean) || "")[0]; }

  /** What fields beside the reply say, by part; programs guess there. */
  function fieldCodes(hidden) {
    const found = parts.map(function () { return []; });
    rules.fields.forEach(function (rule) {
      let match;
      rule.lastIndex = 0;
      while ((match = rule.exec(hidden))) {
        const rest = hidden.slice(match.index + match[0].length, match.index + match[0].length + 20);
        parts.forEach(function (part, number) {
          const code = part.first.exec(rest);
          if (code) found[number].push(code[1]);
        });
        if (!match[0]) rule.lastIndex += 1;
      }
    });
    return found;
  }

  /**
   * A code for each part: of the reply, else of another reply with the same first code, else of a field. What says
   * nothing, and stands in another reply, is left to `late`: the wording may say more.
   */
  function codesOf(reply, replies, fields) {
    const codes = reply ? reply.codes.slice() : parts.map(function () { return ""; });
    const late = parts.map(function () { return ""; });
    parts.forEach(function (part, number) {
      if (codes[number]) return;
      const digit = classOf(codes);
      const others = replies.filter(function (one) { return one.codes[number] && failing.has(one.codes[number][0]); });
      const same = others.filter(function (one) { return !one.codes[0] || one.codes[0] === codes[0]; });
      const guesses = same.map(function (one) { return one.codes[number]; }).concat(fields[number]);
      const fitting = guesses.filter(function (code) { return !digit || code[0] === digit; });
      codes[number] = fitting.find(function (code) { return !rules.vague.has(code); }) || fitting[0] || guesses[0] || "";
      if (!codes[number] && others.length) late[number] = others[0].codes[number];
    });
    return { codes: codes, late: late };
  }

  /** The longest phrase, of entries with the stated codes first: one phrase can stand for several codes. */
  function bestPhrase(phrases, codes) {
    let best = null;
    phrases.forEach(function (one) {
      let agrees = 0;
      entries[one.entry].codes.forEach(function (code, part) { if (code && codes[part]) agrees += code === codes[part] ? 1 : -1; });
      const worth = (catchall.has(one.entry) ? one.weight / 100 : one.weight) + agrees * 0.4 - (entries[one.entry].sender >= 0 ? 0.1 : 0);
      if (!best || worth > best.worth) best = Object.assign({ worth: worth, agrees: agrees }, one);
    });
    return best;
  }

  /** A case with the entries that fit it, or null where nothing says that it is one. */
  function ranked(read) {
    const known = read.known || [];
    const wordedBy = known.filter(function (one) { return one.score > 0.8; })[0];
    const implied = impliedCodes(read, wordedBy);
    if (!read.isBare && !isOne(read, wordedBy)) return null;
    const sender = read.sender ? read.sender[0] : -1;
    const scored = entries.map(function (entry, number) {
      return { number: number, score: fit(entry, number, read.codes, implied, sender, known, read.phrase) };
    }).filter(function (one) { return one.score > 0; });
    scored.sort(function (a, b) { return b.score - a.score || a.number - b.number; });
    if (!scored.length) {
      const number = general.get(classOf(read.codes) || index.rules.failing[index.rules.failing.length - 1]);
      if (number === undefined) return null;
      scored.push({ number: number, score: 1 });
    }
    const codes = read.codes.map(function (code, part) { return code || implied[part] || ""; });
    if (!codes[0] && codes.some(Boolean)) codes[0] = usualFirst(codes.slice(1));
    return {
      results: scored.slice(0, 6).map(function (one) { return resultOf(one, codes, read); }),
      codes: read.codes, implied: implied, sender: sender, case: read, score: scored[0].score, isError: !classOf(codes) || failing.has(classOf(codes)),
      confidence: confidenceOf(read, wordedBy, scored[0]), isMatch: isMatch(read, wordedBy, scored[0]),
    };
  }

  /** Whether the best page is about this error, and not only the nearest that there is. */
  function isMatch(read, wordedBy, best) {
    const entry = entries[best.number];
    const isCoded = entry.codes.some(function (code, part) { return code && code === read.codes[part]; });
    return isCoded || Boolean(wordedBy && wordedBy.entry === best.number) || (!read.codes.some(Boolean) && Boolean(read.phrase));
  }

  function resultOf(one, codes, read) {
    const entry = entries[one.number];
    const result = { slug: entry.slug };
    index.parts.forEach(function (part, number) { result[part.name] = codes[number] || entry.codes[number] || null; });
    const sender = read.sender ? read.sender[0] : entry.sender;
    result.sender = sender >= 0 ? index.senders[sender].slug : null;
    result.score = Math.round(one.score) / 100;
    return result;
  }

  /** The first code that goes most often with the later ones of an entry without it, by the replies that are known. */
  const usual = new Map();
  const counts = new Map();
  index.replies.forEach(function (row) {
    counts.set(row[0], row.slice(1).reduce(function (sum, told) { return sum + told.length - 1; }, 0));
  });
  entries.forEach(function (entry, number) {
    const rest = entry.codes.slice(1).join(" ");
    const count = (counts.get(number) || 0) + (entry.sender < 0 ? 1 : 0);
    if (!entry.codes[0] || !rest.trim()) return;
    const known = usual.get(rest) || new Map();
    known.set(entry.codes[0], (known.get(entry.codes[0]) || 0) + count);
    usual.set(rest, known);
  });

  function usualFirst(rest) {
    let best = "", most = 0;
    (usual.get(rest.join(" ")) || new Map()).forEach(function (count, code) {
      if (count > most) {
        best = code;
        most = count;
      }
    });
    return best;
  }

  /** Codes that the wording stands for, where the text states none; in the class that it states. */
  function impliedCodes(read, wordedBy) {
    const digit = classOf(read.codes);
    const source = wordedBy && entries[wordedBy.entry].codes.every(Boolean) ? wordedBy.entry : read.phrase ? read.phrase.entry : wordedBy ? wordedBy.entry : -1;
    return parts.map(function (part, number) {
      if (read.codes[number]) return "";
      if (source < 0 || catchall.has(source)) return read.late ? read.late[number] : "";
      const code = entries[source].codes[number];
      return code && digit && number ? digit + code.slice(1) : code;
    });
  }

  /** Whether this is about an error of this kind at all. */
  function isOne(read, wordedBy) {
    const reply = read.reply && read.codes.some(Boolean) ? read.reply : null;
    if (reply && !failing.has(classOf(read.codes))) return read.text.length < 400 && Boolean(wordedBy) && (wordedBy.agrees > 0 || wordedBy.score > 0.9);
    const isNamed = Boolean(read.sender) && read.sender[3];
    const isForeign = rules.elsewhere.some(function (rule) { rule.lastIndex = 0; return rule.test(read.text); });
    if (isForeign) return Boolean(wordedBy && wordedBy.score > 0.9 && wordedBy.weight > 14) || (isNamed && read.sender[1] > 6.9 && Boolean(reply));
    const about = evidenceIn(read.text) + (read.isFielded ? 1 : 0);
    const isWorded = Boolean(wordedBy) && wordedBy.weight > 9;
    if (wordedBy && wordedBy.score > 0.93 && (wordedBy.agrees > 0 ? wordedBy.weight > 6 : !reply && wordedBy.weight > 20)) return true;
    if (read.phrase && read.phrase.agrees > 0 && read.phrase.weight > 1) return true; /* a code, and words of its page */
    if (reply) {
      const isShared = rules.shared.has(reply.codes[0]);
      const spots = reply.spots;
      if (reply.codes.every(Boolean) && spots.length > 1 && spots[1][0] > spots[0][0] && spots[1][0] - spots[0][1] < 6 && reply.end - spots[1][1] > 4) return true; /* codes side by side */
      if (reply.weight > 2 || isNamed || (isWorded && !isShared) || (reply.codes.every(Boolean) && (about || reply.weight > 1))) return true;
      if (reply.weight > 1 && !isShared && read.words.length > 1 && (about || read.phrase || wordedBy)) return true;
      return about > (reply.weight > 1 ? 0 : 1) || (about > 0 && Boolean(read.phrase));
    }
    if (isWorded && (about || isNamed)) return true;
    if (read.phrase && (about > 0 || isNamed || read.phrase.weight > 5)) return true;
    if (read.phrase && (read.words.length === 1 || (read.phrase.weight > 1 && /@[\w-]+\.\w/.test(read.text)))) return true;
    if (rules.lines.some(function (rule) { return rule.test(read.text); })) return false;
    return (read.codes.some(Boolean) && about > 0) || (isNamed && read.text.length > 60);
  }

  /** How many different words of this field a text has. */
  function evidenceIn(text) {
    const found = new Set();
    rules.evidence.forEach(function (rule) {
      (text.match(rule) || []).forEach(function (word) { found.add(word.toLowerCase()); });
    });
    return found.size;
  }

  /** How well an entry fits: codes first, then the sender, then the wording. A page may hold replies of other codes than
      its own, so the very words of one of them count for its codes too. */
  function fit(entry, number, codes, implied, sender, known, phrase) {
    const own = known.filter(function (one) { return one.entry === number; });
    const isPhrased = phrase && phrase.entry === number;
    const isOwn = own.some(function (one) { return one.score > 0.85 && one.agrees > 0; }) || (isPhrased && phrase.weight > 3 && entry.sender >= 0);
    let score = 0, equal = 0, missing = 0;
    entry.codes.forEach(function (code, part) {
      const worth = 10 + 10 * part;
      if (!code) return;
      if (codes[part] === code || (isOwn && codes[part])) {
        score += worth;
        equal += 1;
      } else if (codes[part]) {
        score -= 40;
      } else if (implied[part] === code) {
        score += worth * 0.7;
        equal += 1;
      } else {
        missing += 1;
      }
    });
    if (equal > 1) score += 6;
    score -= 5 * missing;
    if (!codes.some(Boolean) && !implied.some(Boolean)) score += 1;
    if (entry.sender >= 0) {
      if (entry.sender === sender) score += equal === entry.codes.filter(Boolean).length ? 4 : 0;
      else score -= sender >= 0 ? 30 : 8;
      score -= 8; /* a variant needs its words too */
    }
    let worded = 0;
    let exact = 0; /* whoever adds a reply to a page has taught it: its very words lead there */
    own.forEach(function (one) {
      worded = Math.max(worded, one.score * Math.min(1, 0.4 + one.weight / 20));
      if (one.score > 0.9 && one.agrees >= 0 && (one.sender < 0 || sender < 0 || one.sender === sender)) exact = Math.max(exact, Math.min(1, one.weight / 12) * (1 + one.agrees));
    });
    score += (worded > 0.45 ? 34 * worded : 0) + 12 * exact;
    if (isPhrased) score += 4 + Math.min(8, 2 * phrase.weight);
    if (entry.retired) score -= 3;
    return score;
  }

  function confidenceOf(read, wordedBy, best) {
    if (wordedBy && wordedBy.entry === best.number && wordedBy.score > 0.9) return "known";
    if (read.codes.every(Boolean)) return "codes";
    if (read.codes.some(Boolean)) return read.phrase || wordedBy ? "worded" : "code";
    return "words";
  }

  /** Answers that name the same page, codes and sender are one, with its count. */
  function merged(answers) {
    const by = new Map();
    answers.forEach(function (one) {
      const key = [one.results[0].slug].concat(one.codes, one.sender).join(" ");
      const known = by.get(key);
      if (!known) by.set(key, Object.assign(one, { count: 1, addresses: one.case.address ? [one.case.address] : [] }));
      else {
        if (!one.case.address || known.addresses.indexOf(one.case.address) < 0) known.count += 1;
        if (one.case.address && known.addresses.indexOf(one.case.address) < 0) known.addresses.push(one.case.address);
      }
    });
    return Array.from(by.values()).sort(function (a, b) { return b.score - a.score; });
  }

  return { answer: answer, index: index, wording: wording, parts: parts, rules: rules };
}

/** The reading rules with their expressions made. */
function rulesOf(rules) {
  function all(list, flags) {
    return (list || []).map(function (one) { return new RegExp(one, flags); });
  }
  return {
    replies: all(rules.replies, "gim"), stops: all(rules.stops, "gim"), fields: all(rules.fields, "gim"),
    hosts: all(rules.hosts, "gim"), cases: all(rules.cases, "gim"), lines: all(rules.lines, "im"), noise: all(rules.noise, "gim"),
    evidence: all(rules.evidence, "gi"), elsewhere: all(rules.elsewhere, "im"),
    vague: new Set(rules.vague || []), aside: new Set(rules.aside || []), shared: new Set(rules.shared || []),
  };
}

/** A text in its cases, one for each addressee: [{text, about, address}]; `about` is the whole text. */
function casesIn(text, rules) {
  const starts = [];
  rules.cases.forEach(function (rule) {
    let match;
    rule.lastIndex = 0;
    while ((match = rule.exec(text))) {
      starts.push({ at: match.index, address: (match[1] || "").toLowerCase().replace(/[*`]/g, "") }); /* without the signs of bold text and code */
      if (!match[0]) rule.lastIndex += 1;
    }
  });
  starts.sort(function (a, b) { return a.at - b.at; });
  const addresses = new Set(starts.map(function (one) { return one.address; }));
  if (addresses.size < 2) return [{ text: text, about: text, address: starts.length ? starts[0].address : "" }];
  const byAddress = new Map();
  starts.forEach(function (one, i) {
    const end = i + 1 < starts.length ? starts[i + 1].at : text.length;
    byAddress.set(one.address, (byAddress.get(one.address) || "") + text.slice(one.at, end) + "\n");
  });
  return Array.from(byAddress, function (row) { return { text: row[1], about: text, address: row[0] }; });
}
