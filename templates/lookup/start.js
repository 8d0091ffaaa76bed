/* Begins: in a page with its boxes, elsewhere with the functions alone. */

function start(rows) {
  const index = named(rows);
  const lookup = lookupOf(index);
  const search = searchOf(index, lookup);
  globalThis.Lookup = { answer: lookup.answer, search: search, counting: function (text) { return counting(text, lookup); }, isLog: function (text) { return isLog(text, lookup.rules); } };
  if (typeof document === "undefined") return;
  document.querySelectorAll("form.find").forEach(function (form) { box(form, index, lookup, search); });
  document.querySelectorAll("form.lookup").forEach(function (form) { large(form, index, lookup, search); });
}
