/* The box at the top of every page: a combobox. Arrows choose, Enter opens, Escape leaves. */

function box(form, index, lookup, search) {
  const input = form.querySelector("input");
  const root = form.dataset.root;
  const list = el("ul", { id: "find_list", role: "listbox", class: "found", "aria-label": input.labels.length ? input.labels[0].textContent : "", hidden: "" });
  const live = el("p", { class: "vh", role: "status" });
  let options = [], chosen = -1, timer = 0, told = 0, isStale = false;
  form.append(list, live);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  /** What fits the text: what its replies lead to first, then what its words name, at most eight. */
  function fitting(text) {
    const seen = new Set(), found = [];
    function add(page, line) {
      if (seen.has(page) || found.length >= 8) return;
      seen.add(page);
      found.push({ href: root + page, line: line });
    }
    function entry(number) {
      const one = index.entries[number];
      add("errors/" + one.slug + ".html", entryLine(index, one, null));
    }
    lookup.answer(text).slice(0, 3).forEach(function (answer) {
      answer.results.slice(0, 4).forEach(function (result) {
        entry(index.entries.findIndex(function (one) { return one.slug === result.slug; }));
      });
    });
    if (text.length < 200) {
      search(text, 8).forEach(function (one) {
        if (one.kind === "entry") entry(one.number);
        else add(one.page, [el("span", { class: "to" }, el("span", { class: "t" }, one.title)), el("span", { class: "by" }, one.page.split("/")[0])]);
      });
    }
    return found;
  }

  function show() {
    const text = input.value.trim();
    clearTimeout(timer);
    clearTimeout(told);
    isStale = false;
    chosen = -1;
    input.removeAttribute("aria-activedescendant");
    options = text ? fitting(text) : [];
    if (text) options.push({ href: address(text), line: [el("span", { class: "to" }, "Look the whole text up")] });
    list.replaceChildren.apply(list, options.map(function (option, i) {
      const item = el("li", { role: "option", id: "find_" + i, "aria-selected": "false" });
      item.append.apply(item, option.line);
      item.addEventListener("click", function (event) {
        if (event.ctrlKey || event.metaKey) window.open(option.href, "_blank", "noopener");
        else location.href = option.href;
      });
      return item;
    }));
    open(options.length > 0);
    told = setTimeout(function () {
      const count = options.length - 1;
      live.textContent = text ? (count > 0 ? count + (count === 1 ? " page fits" : " pages fit") : "No page fits; Enter looks the whole text up") : "";
    }, 400);
  }

  function address(text) {
    return root + "lookup.html#q=" + encodeURIComponent(text.slice(0, 100000));
  }

  function open(is) {
    list.hidden = !is;
    input.setAttribute("aria-expanded", String(is));
  }

  function choose(next) {
    if (list.hidden || !options.length) return;
    if (chosen >= 0) list.children[chosen].setAttribute("aria-selected", "false");
    chosen = next < -1 ? options.length - 1 : next >= options.length ? -1 : next;
    if (chosen < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    list.children[chosen].setAttribute("aria-selected", "true");
    list.children[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", "find_" + chosen);
  }

  input.addEventListener("input", function () {
    clearTimeout(timer);
    isStale = true;
    timer = setTimeout(show, 60);
  });
  input.addEventListener("focus", function () { if (input.value.trim() && list.hidden) show(); });
  input.addEventListener("paste", function (event) {
    const text = event.clipboardData ? event.clipboardData.getData("text") : "";
    if (!/\n./.test(text)) return;
    event.preventDefault(); /* a field of one line would run the lines together */
    location.href = address(text);
  });
  form.addEventListener("submit", function (event) {
    const text = input.value.trim();
    event.preventDefault();
    if (!text) return;
    if (chosen < 0 || isStale) show();
    location.href = options[Math.max(chosen, 0)].href;
  });
  form.addEventListener("keydown", function (event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden || isStale) show();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
      event.preventDefault();
    } else if (event.key === "Escape") {
      clearTimeout(timer);
      if (!list.hidden) open(false);
      else if (input.value) input.value = "";
      else input.blur();
      event.preventDefault();
    } else if (event.key === "Tab") {
      open(false);
    }
  });
  list.addEventListener("pointerdown", function (event) { event.preventDefault(); }); /* the field keeps the focus */
  document.addEventListener("pointerdown", function (event) { if (!form.contains(event.target)) open(false); });
  if (input.value.trim()) show();
}
