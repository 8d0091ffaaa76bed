/* The large field: a whole text, a file, or a log is read where it is pasted, and answered below. */

const WORDS = {
  known: "This wording is known: it is one of the replies on the page.",
  codes: "Found by its codes.",
  worded: "Found by its code and its wording.",
  code: "Found by the code alone; the wording is not known yet.",
  words: "Found by the wording alone; the text states no code.",
};

function large(form, index, lookup, search) {
  const field = form.querySelector("textarea");
  const file = form.querySelector("input[type=file]");
  const root = form.dataset.root;
  const out = document.getElementById(form.dataset.out);
  let timer = 0, turn = 0, held = "";

  /** Puts a text into the field; of a large one only the beginning, since a field of megabytes stalls the page. */
  function put(text) {
    held = text.length > LARGEST ? text : "";
    field.value = held ? text.slice(0, 2000) + "\n… and " + (text.length - 2000).toLocaleString("en") + " characters more, which are read too" : text;
    show();
    reveal();
  }

  /** Brings the answer into view, where somebody asked for it and it lies below. */
  function reveal() {
    const first = out.firstElementChild;
    if (first && first.getBoundingClientRect().top > innerHeight - 200) first.scrollIntoView({ block: "center" });
  }

  function show() {
    const text = held || field.value;
    turn += 1;
    if (!text.trim()) {
      out.replaceChildren();
      return;
    }
    const plain = text.length > 20000 ? text : cleaned(text);
    if (isLog(plain, lookup.rules)) {
      count(plain, turn);
      return;
    }
    const answers = lookup.answer(text);
    if (answers.length) out.replaceChildren.apply(out, answers.slice(0, 20).map(card).concat(more(answers.length)));
    else out.replaceChildren(nothing(text));
  }

  function more(count) {
    return count > 20 ? [el("p", {}, "And " + (count - 20) + " more.")] : [];
  }

  /** One answer: why, the page, its facts, what was read, and what else it could be. */
  function card(answer) {
    const best = entryOf(answer.results[0].slug);
    const made = el("section", { class: "answer" });
    const title = el("ul", { class: "codes results" });
    const first = el("li");
    first.append.apply(first, entryLine(index, best, root));
    title.append(first);
    made.append(el("p", {}, (answer.count > 1 ? answer.count + " addressees. " : "") + (answer.isMatch ? WORDS[answer.confidence] : "No page is sure to fit this; this one is the nearest.")), title, facts(best, answer));
    const passage = excerpt(answer);
    if (passage) made.append(el("pre", { class: "said", tabindex: "0" }, passage));
    const others = answer.results.slice(1);
    if (others.length) {
      const list = el("ul", { class: "codes" });
      others.forEach(function (one) {
        const item = el("li");
        item.append.apply(item, entryLine(index, entryOf(one.slug), root));
        list.append(item);
      });
      made.append(el("details", {}, el("summary", {}, "Other pages that may fit"), list));
    }
    if (!answer.isMatch) made.append(report());
    made.append(copyButton(summaryOf(answer, best)));
    return made;
  }

  function facts(entry, answer) {
    const list = el("dl", { class: "facts" });
    function row(label) {
      const values = Array.prototype.slice.call(arguments, 1).filter(Boolean);
      if (!values.length) return;
      list.append(el.apply(null, ["div", {}, el("dt", {}, label)].concat(values.map(function (value) { return el("dd", {}, value); }))));
    }
    index.facts.forEach(function (fact, number) {
      row.apply(null, [fact[0]].concat(entry.facts[number].map(function (value) { return fact[1][value]; })));
    });
    row("Codes read", answer.codes.filter(Boolean).join(" ") || (answer.implied.filter(Boolean).length ? "None; the wording stands for " + answer.implied.filter(Boolean).join(" ") : "None"));
    if (answer.sender >= 0) row("Sent by", el("a", { href: root + "senders/" + index.senders[answer.sender].slug + ".html" }, index.senders[answer.sender].name));
    if (answer.addresses && answer.addresses.length > 1) row("Addressees", answer.addresses.slice(0, 10).join(", ") + (answer.addresses.length > 10 ? " and " + (answer.addresses.length - 10) + " more" : ""));
    return list;
  }

  function entryOf(slug) {
    return index.entries.find(function (entry) { return entry.slug === slug; });
  }

  /** The stretch of the text that was read, with what counted marked. */
  function excerpt(answer) {
    const read = answer.case;
    if (read.isBare || !read.text) return null;
    let from = 0, to = read.text.length;
    if (read.reply) {
      from = Math.max(read.text.lastIndexOf("\n", read.reply.at - 1) + 1, read.reply.at - 120);
      to = Math.min(read.reply.end, read.reply.at + 700);
    } else if (read.phrase && to > 800) {
      const at = read.text.toLowerCase().lastIndexOf(read.words[read.phrase.from]);
      from = Math.max(0, at - 200);
    }
    const part = read.text.slice(from, Math.min(to, from + 800)).replace(/\s+$/, "");
    const told = new Set();
    if (read.phrase) read.words.slice(read.phrase.from, read.phrase.to).forEach(function (word) { told.add(word); });
    if (!told.size && read.known[0] && read.known[0].score > 0.8) read.known[0].words.forEach(function (word) { told.add(word); });
    const spots = (read.reply ? read.reply.spots : []).concat(read.sender ? read.sender[2] : []).map(function (spot) { return [spot[0] - from, spot[1] - from]; }).filter(function (spot) { return spot[0] >= 0; });
    const word = /[\p{L}\p{N}]+/gu;
    let match;
    while ((match = word.exec(part))) if (told.has(match[0].toLowerCase()) && lookup.wording.weigh(match[0].toLowerCase()) > 2) spots.push([match.index, match.index + match[0].length]);
    return markedText(part, spots);
  }

  function nothing(text) {
    const made = el("section", { class: "answer" });
    made.append(el("p", {}, el("strong", {}, "No page here is known to fit this text.")));
    const near = text.length < 300 ? search(text, 6) : [];
    if (near.length) {
      const list = el("ul", { class: "codes" });
      near.forEach(function (one) {
        const item = el("li");
        if (one.kind === "entry") item.append.apply(item, entryLine(index, index.entries[one.number], root));
        else item.append(el("a", { href: root + one.page }, el("span", { class: "t" }, one.title)));
        list.append(item);
      });
      made.append(el("p", {}, "Pages with such words:"), list);
    }
    made.append(report());
    return made;
  }

  function report() {
    const made = el("p", {}, "If it is a reply that this reference lacks, ");
    if (index.report) made.append(el("a", { href: index.report.replace("{title}", encodeURIComponent("A reply that the lookup does not know")) }, "add it"), "; take private parts out first. ");
    else made.append("its makers would like to know it. ");
    made.append(el("a", { href: root + "errors/index.html" }, "All errors"), " are in one list.");
    return made;
  }

  /** A summary short enough for a ticket. */
  function summaryOf(answer, entry) {
    const lines = [answer.codes.filter(Boolean).join(" ") + (answer.sender >= 0 ? " from " + index.senders[answer.sender].name : "") + ": " + entry.title];
    index.facts.forEach(function (fact, number) {
      const values = entry.facts[number].map(function (value) { return fact[1][value].split(". ")[0].replace(/\.$/, ""); });
      if (values.length) lines.push(fact[0] + ": " + values.join(", "));
    });
    if (answer.case.reply) lines.push(answer.case.reply.text.replace(/\s+/g, " ").trim().slice(0, 400));
    lines.push(new URL(root + "errors/" + entry.slug + ".html", location.href).href.split("#")[0]);
    return lines.join("\n").trim() + "\n";
  }

  function copyButton(text) {
    const button = el("button", { type: "button" }, "Copy a summary");
    const done = el("span", { role: "status" });
    button.addEventListener("click", function () {
      const ok = function () { done.textContent = " Copied"; };
      const not = function () { done.replaceChildren(el("textarea", { readonly: "", "aria-label": "Summary" }, text)); };
      if (navigator.clipboard && navigator.clipboard.writeText) navigator.clipboard.writeText(text).then(ok, not);
      else not();
    });
    return el("p", { class: "more" }, button, done);
  }

  /** A log: counted in slices, so that typing and scrolling never wait. */
  function count(text, mine) {
    const state = counting(text, lookup);
    const bar = el("progress", { max: state.total, value: 0, "aria-label": "Lines read" });
    const words = el("p", { role: "status" }, "Reading " + state.total.toLocaleString("en") + " lines");
    out.replaceChildren(el("section", { class: "answer" }, words, bar));
    (function next() {
      if (mine !== turn) return;
      const isDone = state.advance(SLICE);
      bar.value = state.done;
      if (isDone) counted(state);
      else setTimeout(next);
    })();
  }

  function counted(state) {
    const groups = byCount(state);
    const most = groups.length ? groups[0].count : 1;
    const body = el("tbody");
    groups.slice(0, 200).forEach(function (group) {
      const result = group.best.results[0];
      const entry = entryOf(result.slug);
      const link = el("a", { href: root + "errors/" + entry.slug + ".html" }, codeOf(group.best.codes.some(Boolean) ? group.best.codes : entry.codes), " ", entry.title);
      const sender = group.best.sender >= 0 ? index.senders[group.best.sender].name : "";
      body.append(el("tr", {}, el("td", {}, el("meter", { min: 0, max: most, value: group.count, "aria-hidden": "true" }), " " + group.count.toLocaleString("en")), el("th", { scope: "row" }, link), el("td", {}, sender)));
    });
    const head = el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Lines"), el("th", { scope: "col" }, "Page"), el("th", { scope: "col" }, "Sent by")));
    const words = state.errors.toLocaleString("en") + " of " + state.total.toLocaleString("en") + " lines hold an error, of " + groups.length.toLocaleString("en") + " kinds.";
    const made = el("section", { class: "answer" }, el("p", { role: "status" }, words));
    if (groups.length) {
      const save = el("button", { type: "button" }, "Save as CSV");
      save.addEventListener("click", function () {
        const link = el("a", { href: URL.createObjectURL(new Blob([String.fromCharCode(0xfeff) + csvOf(groups, index)], { type: "text/csv;charset=utf-8" })), download: "errors.csv" });
        link.click();
        setTimeout(function () { URL.revokeObjectURL(link.href); }, 1000);
      });
      made.append(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Errors by page" }, el("table", { class: "reg log" }, head, body)), el("p", { class: "more" }, save));
    }
    out.replaceChildren(made);
  }

  function take(files) {
    if (!files || !files.length) return;
    const reader = new FileReader();
    reader.onload = function () { put(String(reader.result)); };
    reader.readAsText(files[0].slice(0, 32 << 20));
  }

  function fromAddress() {
    const told = new URLSearchParams(location.hash.slice(1)).get("q") || new URLSearchParams(location.search).get("q");
    if (told !== null) put(told);
  }

  field.addEventListener("paste", function (event) {
    const text = event.clipboardData ? event.clipboardData.getData("text") : "";
    if (text.length <= LARGEST) {
      setTimeout(function () { clearTimeout(timer); show(); reveal(); }); /* once the field has it */
      return;
    }
    event.preventDefault();
    put(text);
  });
  field.addEventListener("input", function () {
    held = "";
    clearTimeout(timer);
    timer = setTimeout(show, field.value.length > 5000 ? 250 : 120);
  });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    clearTimeout(timer);
    show();
    reveal();
  });
  form.addEventListener("reset", function () { held = ""; setTimeout(function () { show(); field.focus(); }); });
  if (file) file.addEventListener("change", function () { take(file.files); });
  form.addEventListener("dragover", function (event) {
    event.preventDefault();
    form.classList.add("over");
  });
  form.addEventListener("dragleave", function () { form.classList.remove("over"); });
  form.addEventListener("drop", function (event) {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer.files.length) take(event.dataTransfer.files);
    else put(event.dataTransfer.getData("text"));
  });
  form.querySelectorAll("[data-example]").forEach(function (button) {
    button.addEventListener("click", function () {
      put(button.textContent);
      field.focus();
    });
  });
  addEventListener("hashchange", fromAddress);
  fromAddress();
  if (file && file.files.length) take(file.files); /* chosen before this script came */
  if (field.value.trim() && !out.childNodes.length) show();
}
