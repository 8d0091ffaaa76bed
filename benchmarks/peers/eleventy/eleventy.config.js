// Entries, what lists them, and their neighbours, each looked up by a key: the built-in filters search the whole list.
const { createRequire } = require("node:module");
const highlight = createRequire(process.argv[1])("@11ty/eleventy-plugin-syntaxhighlight");

module.exports = function (settings) {
  settings.addPlugin(highlight.default || highlight);
  settings.setUseGitIgnore(false);
  settings.addPassthroughCopy({ "site.css": "site.css" });
  const entries = (all) => all.getFilteredByTag("errors").sort((a, b) => a.data.weight - b.data.weight);
  settings.addCollection("ordered", entries);
  settings.addCollection("newest", (all) =>
    entries(all).sort((a, b) => (a.data.updated < b.data.updated ? 1 : -1)).slice(0, 50));
  settings.addCollection("byPath", (all) => Object.fromEntries(all.getAll().map((one) => [one.page.filePathStem, one])));
  settings.addCollection("near", (all) => {
    const near = {};
    const ordered = entries(all);
    ordered.forEach((one, at) => (near[one.page.filePathStem] = { previous: ordered[at - 1], next: ordered[at + 1] }));
    return near;
  });
  settings.addCollection("listed", (all) => {
    const listed = {};
    for (const one of entries(all))
      for (const path of [...one.data.topics.map((slug) => `/topics/${slug}`), `/senders/${one.data.sender}`])
        (listed[path] ||= []).push(one);
    return listed;
  });
  settings.addFilter("host", (url) => new URL(url).host);
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  settings.addFilter("day", (date) => day.format(new Date(date)));
  settings.addFilter("iso", (date) => new Date(date).toISOString());
  return {
    dir: { input: "content", output: "_site" },
    markdownTemplateEngine: false,
    templateFormats: ["md", "njk"],
  };
};
