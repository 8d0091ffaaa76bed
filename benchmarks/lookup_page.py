"""How long the lookup keeps a page busy: texts looked up and a log counted in a real Chromium, from disk.

    python benchmarks/lookup_page.py [--site output] [--rounds 5]

It needs playwright (requirements-dev.txt) and the system's Chromium. `longest` is the longest stretch for which the
page could not answer to a key, the median of the rounds.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Page
from playwright.sync_api import sync_playwright

LINE = (
    "Nov 24 10:{:02d}:{:02d} mx postfix/smtp[{}]: 4F{:06X}: to=<user{}@example.com>, "
    "relay=mx.example.com[192.0.2.{}]:25, "
    "delay=1.{}, dsn=5.1.1, status=bounced (host mx.example.com[192.0.2.{}] said: 550 5.1.1 <user@example.com>: "
    "Recipient address rejected: User unknown (in reply to RCPT TO command))"
)
TEXTS = {
    "a reply": "550 5.1.1 <user@example.com>: Recipient address rejected: User unknown in local recipient table",
    "1 MB of letters": "x7 Zq!" * 175_000,
    "1 MB of lines": "lorem ipsum 550 dolor\n" * 48_000,
    "1 MB of base64": "Content-Transfer-Encoding: base64\n\n" + "QUJD" * 260_000,
    "1 MB of codes": "550 5.1.1 " * 104_000,
    "a log of 10,000 lines": "\n".join(
        LINE.format(i // 60 % 60, i % 60, i, i, i, i % 200, i % 60, i % 200) for i in range(10_000)
    ),
}
MEASURE = """async (text) => {
  const field = document.querySelector("form.lookup textarea");
  document.querySelector("form.lookup").reset();
  await new Promise((go) => setTimeout(go, 50));
  let last = performance.now(), longest = 0, isOver = false;
  const beat = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setTimeout(beat);
  };
  beat();
  const data = new DataTransfer();
  data.setData("text", text);
  const began = performance.now();
  field.focus();
  if (field.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})))
    document.execCommand("insertText", false, text);
  while (!document.querySelector("#answers .answer") || document.querySelector("#answers progress"))
    await new Promise((go) => setTimeout(go, 5));
  const took = performance.now() - began;
  await new Promise((go) => setTimeout(go, 30));
  isOver = true;
  return [took, longest];
}"""


def measured(page: Page, rounds: int) -> None:
    print("| text | answered after, ms | longest, ms |\n|---|---|---|")
    for name, text in TEXTS.items():
        page.evaluate(MEASURE, text)  # the first time compiles
        told = [page.evaluate(MEASURE, text) for _ in range(rounds)]
        took, longest = (statistics.median(one) for one in zip(*told, strict=True))
        print(f"| {name} | {took:.0f} | {longest:.0f} |")


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("--site", default="output")
    options.add_argument("--rounds", type=int, default=5)
    told = options.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(Path(told.site, "lookup.html").resolve().as_uri())
        page.focus("form.lookup textarea")
        page.wait_for_function("() => window.Lookup")
        print(f"{platform.machine()}, Chromium {browser.version}")
        measured(page, told.rounds)
        browser.close()


if __name__ == "__main__":
    main()
