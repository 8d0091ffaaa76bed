/* From what was pasted to plain lines: transfer encodings, markup, quotation marks and folding are undone. */

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
const TAGS = /<\/?(?:a|abbr|b|blockquote|body|br|center|code|dd|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|li|meta|ol|p|pre|samp|small|span|strong|style|table|tbody|td|th|title|tr|tt|u|ul)(?:\s[^<>]{0,2000})?\/?>/gi;
const LARGEST = 100000; /* characters: whatever a report has to say stands before what it returns */

/** The text as a person reads it; at most LARGEST characters of it. */
function cleaned(raw) {
  let text = raw.slice(0, LARGEST).replace(/\r\n?/g, "\n");
  if (/^content-transfer-encoding:[ \t]*(?:base64|quoted-printable)/im.test(text)) text = decoded(text);
  text = text.normalize("NFKC").replace(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, "");
  if (/=\n/.test(text) || (text.match(/=(?:20|3D|0A|0D|09)/g) || []).length > 1) text = unquoted(text, "utf-8");
  if (!/\n/.test(text) && /\\n/.test(text)) text = text.replace(/(?:\\r)?\\n/g, "\n");
  else text = text.replace(/\\r\\n/g, "\n");
  if (/<(?:br|div|html|p|td)\b/i.test(text)) text = text.replace(/\n/g, " ").replace(/<(?:br|\/p|\/div|\/tr|\/h[1-6]|\/li)\b[^<>]*>/gi, "\n");
  text = text.replace(/<(style|script)\b[^]{0,100000}?<\/\1>/gi, " ").replace(TAGS, " ");
  text = text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,6})|([a-z]{2,5}));/gi, function (whole, decimal, hex, name) {
    if (name) return ENTITIES[name.toLowerCase()] || whole;
    const point = decimal ? parseInt(decimal, 10) : parseInt(hex, 16);
    return point < 0x110000 ? String.fromCodePoint(point) : whole;
  });
  return unquotedLines(text);
}

/** The parts of a message, each decoded as its own header says. */
function decoded(text) {
  const lines = text.split("\n");
  const out = [];
  let encoding = "", charset = "utf-8", held = [], inBody = false, boundary = "";
  function flush() {
    const body = held.join("\n");
    held = [];
    if (encoding === "base64") out.push(fromBase64(body, charset));
    else if (encoding === "quoted-printable") out.push(unquoted(body, charset));
    else out.push(body);
  }
  lines.forEach(function (line) {
    const found = /^content-transfer-encoding:\s*([\w-]+)/i.exec(line);
    const named = /charset="?([\w-]+)/i.exec(line);
    const bound = /boundary="?([^";\s]+)/i.exec(line);
    if (bound) boundary = bound[1];
    if (/^--\S/.test(line) && (!boundary || line.indexOf(boundary) >= 0)) {
      if (inBody) flush();
      encoding = "";
      charset = "utf-8";
      inBody = false;
    }
    if (inBody) {
      held.push(line);
      return;
    }
    if (found) encoding = found[1].toLowerCase();
    if (named) charset = named[1].toLowerCase();
    out.push(line);
    if (!line.trim() && encoding) inBody = true;
  });
  if (held.length) flush();
  return out.join("\n");
}

function fromBase64(body, charset) {
  try {
    const raw = atob(body.replace(/[^A-Za-z0-9+/=]/g, ""));
    return inCharset(Uint8Array.from(raw, function (c) { return c.charCodeAt(0); }), charset);
  } catch (error) {
    return body;
  }
}

function unquoted(body, charset) {
  return body.replace(/=[ \t]*\n/g, "").replace(/(?:=[0-9A-F]{2})+/gi, function (run) {
    return inCharset(Uint8Array.from(run.slice(1).split("="), function (hex) { return parseInt(hex, 16); }), charset);
  });
}

function inCharset(bytes, charset) {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch (error) {
    return new TextDecoder("utf-8").decode(bytes);
  }
}

/** Lines without the `>` of a quotation; one of a transcript (`>>> RCPT`) stays. */
function unquotedLines(text) {
  const lines = text.split("\n");
  const marked = lines.filter(function (line) { return /^\s{0,3}>(?!>)/.test(line); }).length;
  if (marked * 2 <= lines.filter(function (line) { return line.trim(); }).length) return text;
  return lines.map(function (line) { return line.replace(/^\s{0,3}>(?!>) ?/, ""); }).join("\n");
}

/** Lower-case words; letters of scripts without spaces are words of their own. */
function wordsOf(text) {
  return text.toLowerCase().match(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|(?:(?![\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])[\p{L}\p{N}])+/gu) || [];
}
