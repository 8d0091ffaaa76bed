module.exports = {
  layout: "entry.njk",
  tags: ["errors"],
  permalink: (data) => `${data.page.filePathStem}.html`,
};
