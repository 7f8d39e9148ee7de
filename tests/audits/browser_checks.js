// Run in a page by test_browser.py: what a keyboard or a screen reader would stumble over, written into the page.
addEventListener("load", async () => {
  const wrong = [], all = (what) => [...document.querySelectorAll(what)];
  const name = (e) => (e.getAttribute("aria-label") || e.textContent || e.title || "").trim();
  const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
  if (!document.documentElement.lang) wrong.push("no language");
  if (!document.title.trim()) wrong.push("no title");
  if (all("main").length !== 1 || all("h1").length !== 1) wrong.push("not one main and one h1");
  let level = 0;
  for (const e of all("h1,h2,h3,h4,h5,h6")) {
    const next = Number(e.tagName[1]);
    if (e.closest("main") && next > level + 1 && level) wrong.push("heading skipped: h" + level + " to h" + next);
    level = next;
    if (!name(e)) wrong.push("empty heading");
  }
  for (const e of all("button,a[href],summary")) if (!name(e)) wrong.push("control without a name: " + e.outerHTML.slice(0, 60));
  for (const e of all("input,select,textarea")) if (!e.labels.length && !e.getAttribute("aria-label")) wrong.push("input without a label");
  for (const e of all("svg")) if (e.getAttribute("aria-hidden") !== "true" && !e.getAttribute("aria-label")) wrong.push("picture without a name");
  for (const e of all("img")) if (!e.hasAttribute("alt")) wrong.push("img without alt");
  const ids = all("[id]").map((e) => e.id);
  for (const id of new Set(ids)) if (ids.filter((each) => each === id).length > 1) wrong.push("id twice: " + id);
  for (const e of all("[aria-labelledby]")) if (!document.getElementById(e.getAttribute("aria-labelledby"))) wrong.push("label is missing");
  for (const e of all("th")) if (!e.hasAttribute("scope")) wrong.push("th without scope");
  for (const e of all("a[href^='#']")) if (!document.getElementById(e.getAttribute("href").slice(1))) wrong.push("link to nowhere");
  const rgb = (text) => { const n = text.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = (c) => { const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  let least = 99;
  for (const e of all("body *")) {
    if (!shown(e) || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    const style = getComputedStyle(e), fore = rgb(style.color);
    if (fore[3] !== 1 || e.closest(".sr,.skip,[aria-hidden=true],svg")) continue;
    const [a, b] = [light(fore), light(behind(e))].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    least = Math.min(least, ratio);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) wrong.push("contrast " + ratio.toFixed(2) + ": " + e.tagName + "." + e.className);
  }
  const asked = performance.getEntriesByType("resource").map((each) => each.name);
  const wide = document.documentElement.scrollWidth > innerWidth + 1;
  if (wide) wrong.push("page scrolls sideways");
  const seen = await axe.run(document, { resultTypes: ["violations"] });
  const axed = seen.violations.map((each) => ({ id: each.id, impact: each.impact, where: each.nodes.map((one) => one.target.join(" ") + ": " + one.any.concat(one.all, one.none).map((why) => why.message).join("; ")) }));
  const out = document.createElement("pre");
  out.id = "found";
  out.textContent = JSON.stringify({ wrong: [...new Set(wrong)], asked, blocked: window.blocked, least, axe: axed, passes: seen.passes.length });
  document.body.append(out);
});
