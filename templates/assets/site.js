/* Conveniences; the page is whole without them: copy buttons, tab stops on what scrolls sideways, the
   filter of the list of entries, and the lookup, whose script is fetched when it is first used. Words
   come from this script's data attributes. */
(function () {
  "use strict";
  var words = (document.currentScript && document.currentScript.dataset) || {};
  var say = { copy: words.copy || "Copy", copied: words.copied || "Copied", scrolls: words.scrolls || "Scrolls sideways" };
  var each = function (selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); };

  /* Copy */
  function copies() {
    if (!navigator.clipboard || !navigator.clipboard.writeText) return;
    var live = document.createElement("p");
    live.className = "vh";
    live.setAttribute("role", "status");
    document.querySelector("main").appendChild(live);
    each("pre", function (pre) {
      var clip = document.createElement("div");
      var button = document.createElement("button");
      var timer;
      clip.className = "clip";
      button.className = "copy";
      button.type = "button";
      button.textContent = say.copy;
      button.addEventListener("click", function () {
        live.textContent = ""; /* so that a second copy is news too */
        navigator.clipboard.writeText(pre.textContent.replace(/\n$/, "")).then(function () {
          button.textContent = say.copied;
          live.textContent = say.copied;
          clearTimeout(timer);
          timer = setTimeout(function () { button.textContent = say.copy; }, 3000);
        }, function () {
          /* Refused: select the text, so that the reader's own copy key takes it. */
          getSelection().selectAllChildren(pre);
        });
      });
      pre.parentNode.insertBefore(clip, pre);
      clip.appendChild(pre);
      clip.appendChild(button);
    });
  }

  /* Tab stops, only where something scrolls */
  function stops() {
    each("pre, .scroll", function (box, i) {
      if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === "auto") {
        box.tabIndex = 0;
        box.setAttribute("role", "region");
        box.setAttribute("aria-label", say.scrolls + " (" + (i + 1) + ")");
      } else {
        box.removeAttribute("tabindex");
        box.removeAttribute("role");
        box.removeAttribute("aria-label");
      }
    });
  }

  /* Filter */
  function filter(form) {
    var items = Array.prototype.slice.call(document.querySelectorAll("[data-class]"));
    var out = form.querySelector("[role=status]");
    var fields = Array.prototype.slice.call(form.querySelectorAll("input[name], select[name]"));
    var texts = items.map(function (item) { return item.textContent.toLowerCase(); });
    var timer;
    function has(list, wanted) { return !wanted || (" " + list + " ").indexOf(" " + wanted + " ") >= 0; }
    function show() {
      var want = {}, shown = 0;
      fields.forEach(function (field) { want[field.name] = field.value; });
      var typed = want.q.toLowerCase().split(/\s+/);
      items.forEach(function (item, i) {
        var data = item.dataset;
        var fits = has(data.class, want.class) && has(data.senders, want.sender) && has(data.topics, want.topic) &&
          typed.every(function (word) { return texts[i].indexOf(word) >= 0; });
        item.hidden = !fits;
        if (fits) shown += 1;
      });
      each("[data-group]", function (group) { group.hidden = !group.querySelector("[data-class]:not([hidden])"); });
      clearTimeout(timer);
      timer = setTimeout(function () {
        var text = shown ? form.dataset.count || "{n} of {all}" : form.dataset.none || "0";
        out.textContent = text.replace("{n}", shown).replace("{all}", items.length);
      }, 200);
    }
    function keep() {
      var state = new URLSearchParams();
      fields.forEach(function (field) { if (field.value) state.set(field.name, field.value); });
      history.replaceState(null, "", state.toString() ? "#" + state : location.pathname + location.search);
      show();
    }
    function read() {
      var state = new URLSearchParams(location.hash.slice(1));
      fields.forEach(function (field) {
        field.value = state.get(field.name) || "";
        if (field.selectedIndex < 0) field.value = "";
      });
      show();
    }
    form.addEventListener("input", keep);
    form.addEventListener("reset", function () { setTimeout(keep); });
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    addEventListener("hashchange", function () {
      var aim = document.getElementById(location.hash.slice(1));
      read();
      if (aim) aim.scrollIntoView(); /* it may have been hidden when the browser looked */
    });
    form.hidden = false;
    read();
  }

  /* Lookup */
  function lookup() {
    var form = document.querySelector("form.lookup, form.find");
    var field = form && form.querySelector("textarea, input[type=search]");
    var isAsked = false;
    function ask() {
      var script;
      if (isAsked) return;
      isAsked = true;
      script = document.createElement("script");
      script.src = words.lookup;
      script.onerror = function () { isAsked = false; };
      document.head.appendChild(script);
    }
    if (!field || !words.lookup) return;
    form.hidden = false;
    ["focusin", "dragenter", "pointerover", "change"].forEach(function (name) { form.addEventListener(name, ask); });
    if (/[#&?]q=/.test(location.hash + location.search) && form.className === "lookup") ask();
    document.addEventListener("keydown", function (event) {
      var aim = event.target;
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (/^(?:input|textarea|select)$/i.test(aim.tagName) || aim.isContentEditable) return;
      event.preventDefault();
      field.focus();
      field.select();
    });
    if (document.activeElement === field || field.value) ask();
  }

  function start() {
    var form = document.querySelector("form.filter");
    var timer;
    copies();
    stops();
    lookup();
    addEventListener("resize", function () { clearTimeout(timer); timer = setTimeout(stops, 150); });
    if (form) filter(form);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
