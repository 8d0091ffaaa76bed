/* Codes and replies in a text: where a reply begins, which codes it holds, where it ends. */

/** Expressions of one part of a code, from its pattern in the site's settings. */
function partOf(part) {
  const before = "(^|[\\s(\\[{<>\"'`=;,*_|#-]|\\s:|code:)";
  const after = "(?![\\w]|\\.\\d|[/@]\\S)";
  return {
    name: part.name,
    whole: new RegExp("^(?:" + part.pattern + ")$"),
    inside: new RegExp(before + "(" + part.pattern + ")" + after, "g"),
    first: new RegExp("^[\\s\"'`(\\[{<*_|#:=,b-]{0,8}(" + part.pattern + ")" + after),
  };
}

const MOST = 300; /* codes of a part, and marks, that are looked at in one text: no report holds more */

/** The places of a part in a text, as {code, at, end}. */
function placesOf(part, text) {
  const found = [];
  let match;
  part.inside.lastIndex = 0;
  while (found.length < MOST && (match = part.inside.exec(text))) {
    const at = match.index + match[1].length;
    found.push({ code: match[2], at: at, end: at + match[2].length });
    part.inside.lastIndex = at + match[2].length;
  }
  return found;
}

/** The text with everything blanked whose digits are no codes: addresses, dates, ids. Lengths stay. */
function masked(text, noise) {
  return noise.reduce(function (left, one) {
    return left.replace(one, function (whole) { return " ".repeat(whole.length); });
  }, text);
}

/** Lines of one reply as one: `550-one` and `550 two` become `550-one two`, and folded lines are joined. */
function unfolded(text, parts) {
  const first = new RegExp("(?:^|[\\s\"'(;:])(" + parts[0].whole.source.slice(4, -2) + ")([ -])");
  const rest = parts.slice(1).map(function (part) { return part.whole.source.slice(4, -2); }).join("|");
  const again = rest ? "(?:[# (]{0,2}(?:" + rest + ")\\)?(?=\\s|$))?" : "";
  const repeat = new Map(); /* by code: the expression that finds it again in the same reply */
  const out = [];
  let open = "";
  text.split("\n").forEach(function (line) {
    const last = out.length - 1;
    if (open && last >= 0) {
      if (!repeat.has(open)) repeat.set(open, new RegExp("^[\\s\"']*" + open + "([- ]|$)" + again + "\\s*"));
      const found = repeat.get(open).exec(line);
      if (found) {
        out[last] += " " + line.slice(found[0].length);
        if (found[1] !== "-") open = "";
        return;
      }
    }
    const head = first.exec(line);
    open = head && head[2] === "-" ? head[1] : open && /^\s+\S/.test(line) ? open : "";
    if (last >= 0 && /^[ \t]+\S/.test(line) && /^[A-Z][\w-]*:/i.test(out[last]) && !/^[ \t]+[A-Z][\w-]+:/.test(line)) {
      out[last] += " " + line.trim();
      return;
    }
    out.push(line);
  });
  return out.join("\n");
}

/** A reply of one line in which each former line's codes still stand: `550-5.7.1 a 550 5.7.1 b` loses the second. */
function unrepeated(text, codes) {
  const told = codes.filter(Boolean).map(escaped);
  if (told.length < 2) return text;
  const expression = new RegExp("\\s" + told[0] + "[- ]" + told.slice(1).join("\\s*") + "(?=\\s|$)", "g");
  let seen = 0;
  return (" " + text).replace(expression, function (whole) { return seen++ ? "" : whole; }).slice(1);
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/**
 * The replies that a text may hold, each {at, end, text, codes: [..], spots, weight}, in the order of the text.
 * weight: 3 after a mark that introduces a reply, 2 at the start of a line, 1 anywhere else.
 */
function repliesIn(text, hidden, rules, parts) {
  const starts = new Map();
  rules.replies.forEach(function (rule) {
    let match;
    rule.lastIndex = 0;
    while (starts.size < MOST && (match = rule.exec(hidden))) {
      const at = match.index + match[0].length;
      if (!starts.has(at)) starts.set(at, 3);
      if (!match[0]) rule.lastIndex += 1;
    }
  });
  const marks = Array.from(starts.keys()).sort(function (a, b) { return a - b; });
  const all = parts.map(function (part) { return placesOf(part, hidden); });
  all.forEach(function (places, number) {
    places.forEach(function (place) {
      const before = hidden.slice(Math.max(0, place.at - 14), place.at);
      if (near(marks, place.at)) return;
      if (number && all[0].some(function (p) { return p.at < place.at && place.at - p.at < 60 && hidden.slice(p.at, place.at).indexOf("\n") < 0; })) return;
      const isFirst = /(^|\n)[ \t"'`*_>|[(<#-]*$/.test(before.length < 14 ? before : before.slice(1));
      if (!starts.has(place.at)) starts.set(place.at, isFirst && !number ? 2 : 1);
    });
  });
  const ordered = Array.from(starts.keys()).sort(function (a, b) { return a - b; });
  return ordered.map(function (at, i) {
    let end = Math.min(text.length, at + 1200);
    for (let k = i + 1; k < ordered.length && ordered[k] < end; k += 1) {
      if (starts.get(ordered[k]) > 1 && ordered[k] > at + 3) end = ordered[k];
    }
    const ahead = text.slice(at, end);
    rules.stops.forEach(function (stop) {
      stop.lastIndex = 1;
      const match = stop.exec(ahead);
      if (match && at + match.index < end) end = at + match.index;
    });
    const made = replyAt(text, hidden, at, end, starts.get(at), parts);
    made.isQuoted = text[at - 1] === "<" && /\S</.test(text.slice(Math.max(0, at - 2), at)); /* it is what was really said */
    return made;
  });
}

function near(marks, at) {
  return marks.some(function (mark) { return mark <= at && at - mark < 12; });
}

function replyAt(text, hidden, at, end, weight, parts) {
  const part = hidden.slice(at, end);
  const spots = [];
  const codes = parts.map(function (one, number) {
    const places = placesOf(one, part);
    let best;
    if (!number) {
      best = places.find(function (p) { return p.at < 90; });
    } else {
      const lead = spots[0];
      best = lead && places.find(function (p) { return p.at >= lead.end && p.at - lead.end < 6; });
      best = best || (lead && places.find(function (p) { return p.code[0] === part[lead.at]; })) || places[0];
    }
    spots.push(best);
    return best ? best.code : "";
  });
  return {
    at: at, end: end, weight: weight, codes: codes, text: text.slice(at, end),
    spots: spots.filter(Boolean).map(function (p) { return [at + p.at, at + p.end]; }),
  };
}
