/* Elements. Whatever was pasted is only ever set as text. */

/** An element of a name, with attributes, and with text or other elements in it. */
function el(name, attributes) {
  const made = document.createElement(name);
  Object.keys(attributes || {}).forEach(function (key) {
    if (attributes[key] !== null && attributes[key] !== undefined) made.setAttribute(key, attributes[key]);
  });
  Array.prototype.slice.call(arguments, 2).forEach(function (inner) {
    if (inner !== null && inner !== undefined) made.append(inner);
  });
  return made;
}

/** A code as pages show it: each part in a span of its own. */
function codeOf(codes) {
  const made = el("span", { class: "code" });
  codes.forEach(function (code, part) {
    if (!code) return;
    if (made.childNodes.length) made.append(" ");
    made.append(el("span", { class: "p" + (part + 1) }, code));
  });
  return made;
}

/** A line that tells of an entry, as lists have it: a link, or mere text where `root` is null. */
function entryLine(index, entry, root) {
  const class_ = index.classes.get((entry.codes.find(Boolean) || "")[0]) || { label: "", shape: "" };
  const link = el(root === null ? "span" : "a", { href: root === null ? null : root + "errors/" + entry.slug + ".html", class: root === null ? "to" : null }, codeOf(entry.codes), el("span", { class: "t" }, entry.title));
  const by = entry.sender >= 0 ? el("span", { class: "by" }, index.senders[entry.sender].name) : null;
  return [link, by || "", el("span", { class: "kind " + class_.shape }, class_.label)];
}

/** Text in which the given stretches, [from, to], are marked. */
function markedText(text, spots) {
  const made = document.createDocumentFragment();
  let at = 0;
  spots.slice().sort(function (a, b) { return a[0] - b[0]; }).forEach(function (spot) {
    if (spot[0] < at || spot[1] > text.length) return;
    made.append(text.slice(at, spot[0]), el("mark", {}, text.slice(spot[0], spot[1])));
    at = spot[1];
  });
  made.append(text.slice(at));
  return made;
}
