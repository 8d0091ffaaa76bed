module.exports = {
  layout: "article.njk",
  tags: ["senders"],
  permalink: (data) => `${data.page.filePathStem}.html`,
};
