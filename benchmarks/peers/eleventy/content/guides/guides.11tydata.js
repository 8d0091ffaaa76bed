module.exports = {
  layout: "article.njk",
  tags: ["guides"],
  permalink: (data) => `${data.page.filePathStem}.html`,
};
