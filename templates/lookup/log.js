/* A log of thousands of lines: replies counted by the page that explains them. */

const SLICE = 12; /* milliseconds of work before the page may breathe */
const LONGEST = 4000; /* characters of a line that are read */
const FEWEST = 40; /* lines below which a text is one report, not a log */

function isLog(text, rules) {
  const lines = text.split("\n");
  if (lines.length < FEWEST) return false;
  const step = Math.max(1, Math.floor(lines.length / 200));
  let seen = 0, fit = 0;
  for (let i = 0; i < lines.length; i += step) {
    if (!lines[i].trim()) continue;
    seen += 1;
    if (rules.lines.some(function (rule) { return rule.test(lines[i]); })) fit += 1;
  }
  return fit * 2 > seen;
}

/** Counts as an object that a caller advances: {done, total, groups, advance(milliseconds)}. */
function counting(text, lookup) {
  const lines = text.replace(/\n+$/, "").split("\n");
  const known = new Map(); /* by a line's unchanging part: its group */
  const groups = new Map();
  const codes = new RegExp(lookup.parts.map(function (part) { return "(?:^|[^\\d.])(?:" + part.whole.source.slice(4, -2) + ")(?![\\d])"; }).join("|"));
  const changing = /[^\s<>"'()[\]{},;=]{1,64}@[^\s<>"'()[\]{},;]+|https?:\/\/\S+|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?=[\w-]*\d)[\w-]{7,}\b|\b\d{4,}\b|\b\d\d:\d\d:\d\d(?:[.,]\d+)?|\bdelays?=[\d./]+|\[\d+\]/g;
  const date = /^\s*(?:\w{3}\s+\d+ |\d{4}-\d\d-\d\d[T ])/;
  const state = { done: 0, total: lines.length, errors: 0, groups: groups };
  function line(whole) {
    const text = whole.slice(0, LONGEST);
    if (!codes.test(text)) return;
    const key = text.replace(date, "").replace(changing, "_");
    let group = known.get(key);
    if (group === undefined) {
      const best = lookup.answer(text)[0];
      group = null;
      if (best) {
        const name = [best.results[0].slug, best.codes.join(" "), best.sender].join("|");
        group = groups.get(name);
        if (!group) {
          group = { count: 0, best: best, sample: text.trim().slice(0, 500) };
          groups.set(name, group);
        }
      }
      known.set(key, group);
    }
    if (group) {
      group.count += 1;
      state.errors += 1;
    }
  }
  state.advance = function (milliseconds) {
    const end = performance.now() + milliseconds;
    while (state.done < lines.length) {
      line(lines[state.done]);
      state.done += 1;
      if ((state.done & 15) === 0 && performance.now() > end) return false;
    }
    return true;
  };
  return state;
}

/** The groups of a count, most frequent first. */
function byCount(state) {
  return Array.from(state.groups.values()).sort(function (a, b) { return b.count - a.count; });
}

function csvOf(groups, index) {
  function cell(value) {
    let text = String(value === null || value === undefined ? "" : value);
    if (/^[=+\-@\t\r]/.test(text)) text = "'" + text; /* a spreadsheet must not take it for a formula */
    return /[",\n\r]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }
  const names = index.parts.map(function (part) { return part.name; });
  const rows = [["count"].concat(names, ["sender", "page", "title", "sample"])];
  groups.forEach(function (group) {
    const result = group.best.results[0];
    const entry = index.entries.find(function (one) { return one.slug === result.slug; });
    rows.push([group.count].concat(names.map(function (name) { return result[name]; }), [result.sender, result.slug, entry.title, group.sample]));
  });
  return rows.map(function (row) { return row.map(cell).join(","); }).join("\r\n") + "\r\n";
}
