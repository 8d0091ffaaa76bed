module.exports = {
  layout: "article.njk",
  tags: ["topics"],
  permalink: (data) => `${data.page.filePathStem}.html`,
};
