/* Who gave a reply: by the host that answered, by marks in the words, by the report around it. */

function sendersOf(index) {
  const byHost = new Map();
  const marks = [], reports = [];
  const byDomain = new Map();
  index.senders.forEach(function (row, number) {
    row.hosts.forEach(function (host) { byHost.set(host.replace(/^\*\./, "."), number); });
    row.marks.forEach(function (mark) { marks.push([plain(mark), number]); });
    row.reports.forEach(function (mark) { reports.push([plain(mark), number]); });
    row.domains.forEach(function (domain) { byDomain.set(domain, number); });
  });
  const generic = new Set();
  index.senders.forEach(function (row, number) { if (row.isGeneric) generic.add(number); });
  return { byHost: byHost, marks: marks, reports: reports, byDomain: byDomain, generic: generic };
}

/** A mark as texts have it once they are cleaned. */
function plain(mark) {
  return mark.normalize("NFKC").toLowerCase();
}

/** The sender of a host name, by its longest known end, with how long that was; undefined where there is none. */
function ofHost(senders, host) {
  if (host.length > 253) return undefined; /* no name is longer */
  let name = host.toLowerCase().replace(/\.$/, "");
  if (senders.byHost.has(name)) return [senders.byHost.get(name), name.length + 1];
  for (;;) {
    const dot = name.indexOf(".");
    if (dot < 0) return undefined;
    name = name.slice(dot + 1);
    if (senders.byHost.has("." + name)) return [senders.byHost.get("." + name), name.length];
  }
}

/**
 * Scores of the senders that a case names: Map of number to {score, spots, by}.
 * reply is the reply that was chosen, or null where the text holds none of a remote side.
 */
function namedSenders(senders, text, about, reply, known, rules) {
  const scores = new Map();
  function add(number, score, spot, isSure, isMore) {
    const told = scores.get(number) || { score: 0, spots: [], isSure: false };
    told.isSure = told.isSure || Boolean(isSure);
    told.score = Math.max(told.score, score) + (told.score && isMore !== false ? 0.5 : 0);
    if (spot) told.spots.push(spot);
    scores.set(number, told);
  }
  const lower = text.toLowerCase();
  rules.hosts.forEach(function (rule) {
    let match;
    rule.lastIndex = 0;
    while ((match = rule.exec(text))) {
      const at = match.index + match[0].indexOf(match[1]);
      const found = ofHost(senders, match[1]);
      const isNear = reply && at < reply.at && reply.at - at < 300;
      if (found) add(found[0], 7 + (isNear ? 1 : 0) + found[1] / 100, [at, at + match[1].length], true);
      if (!match[0]) rule.lastIndex += 1;
    }
  });
  const name = /(^|[^\w.@/-]|#\.)([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?![\w@])/gi;
  let match;
  while ((match = name.exec(text))) {
    const found = ofHost(senders, match[2]);
    const at = match.index + match[1].length;
    const isInside = reply && reply.weight > 1 && at >= reply.at && at < reply.end;
    if (found) add(found[0], (isInside ? 6 : 2) + found[1] / 100, [at, at + match[2].length]);
    name.lastIndex = at + match[2].length;
  }
  const folded = (reply ? lower.slice(reply.at, reply.end) : lower).replace(/\s+/g, " ");
  senders.marks.forEach(function (row) {
    const at = markAt(lower, row[0]);
    const isFolded = at < 0 && markAt(folded, row[0]) >= 0; /* a line ends within it */
    if (at < 0 && !isFolded) return;
    const isInside = isFolded || (reply && at >= reply.at && at < reply.end);
    const worth = !isInside && reply ? 4 : senders.generic.has(row[1]) ? 4.8 : 8;
    add(row[1], worth + Math.min(row[0].length, 40) / 40, isFolded ? null : [at, at + row[0].length], true);
  });
  known.forEach(function (one) {
    if (one.sender < 0 || one.score < 0.6) return;
    const worth = Math.min(senders.generic.has(one.sender) ? 4 : 5, one.weight / 4);
    add(one.sender, worth * one.score * (one.agrees > 0 ? 1 : one.agrees < 0 ? 0.3 : 0.7), null, false, false);
  });
  const whole = about.toLowerCase();
  senders.reports.forEach(function (row) {
    const at = markAt(whole, row[0]);
    if (at >= 0) add(row[1], senders.generic.has(row[1]) ? 4.4 : 6, null, true);
  });
  (text.match(/@[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi) || []).forEach(function (address) {
    const number = senders.byDomain.get(address.slice(1).toLowerCase());
    if (number !== undefined) add(number, 0.6);
  });
  return scores;
}

/** Where a mark stands as words of its own, or -1. */
function markAt(text, mark) {
  let at = text.indexOf(mark);
  while (at >= 0) {
    const before = at ? text[at - 1] : " ";
    const after = text[at + mark.length] || " ";
    if (!isOneWord(before, mark[0]) && !isOneWord(after, mark[mark.length - 1])) return at;
    at = text.indexOf(mark, at + 1);
  }
  return -1;
}

/** Whether two neighbours belong together: letters, or a run of one sign. */
function isOneWord(a, b) {
  return (isLetter(a) && isLetter(b)) || (a === b && a !== " ");
}

function isLetter(c) {
  return /[\p{L}\p{N}]/u.test(c);
}

/** The likeliest of namedSenders: [number, score, spots, whether more than wording tells it], or null. */
function bestSender(scores) {
  let best = null;
  scores.forEach(function (told, number) {
    if (!best || told.score > best[1]) best = [number, told.score, told.spots, told.isSure];
  });
  return best;
}
