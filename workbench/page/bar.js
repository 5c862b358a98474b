// The bar at the top: what is open, the stages, what to do next.

import { iconButton, make, on, press } from "./link.js";
import { openHelp } from "./help.js";

const STAGES = { "Build avatar": "Avatar", Register: "Anchors", Run: "Refine" };

export function buildBar() {
  const clip = make("span", { id: "nh-clip" });
  const tabs = make("div", { id: "nh-tabs", role: "tablist", "aria-label": "Stages" });
  const [next, showNext] = buildNext();
  document.body.append(
    make("header", { id: "nh-bar" },
      make("div", { id: "nh-brand" }, make("b", {}, "NeuHMR"), clip, make("span", { class: "nh-grow" }),
        iconButton("search", "Commands (Ctrl+K)", openPalette),
        iconButton("help", "Keys and help", openHelp)),
      tabs, next));
  let status = null;
  on("status", (now) => {
    status = now;
    clip.textContent = now.clip;
    clip.title = now.clip;
    document.title = now.clip ? `${now.clip} – NeuHMR` : "NeuHMR workbench";
    showNext(now);
    markTabs(tabs, now);
  });
  mirrorTabs(tabs, () => status && markTabs(tabs, status));
}

function openPalette() {
  const options = { key: "k", code: "KeyK", ctrlKey: true, bubbles: true };
  document.documentElement.dispatchEvent(new KeyboardEvent("keydown", options));
}

/** viser's own row of tabs wraps and lies far down: it is hidden, and these press its tabs. */
function mirrorTabs(tabs, onChange) {
  let seen = "";
  const update = () => {
    const found = viserTabs();
    const now = found.map((tab) => `${tab.textContent}${tab.getAttribute("aria-selected")}`).join("|");
    if (now === seen || found.length === 0) return;
    seen = now;
    tabs.replaceChildren(...found.map((tab) =>
      make("button", {
        class: "nh-tab", role: "tab", "aria-selected": tab.getAttribute("aria-selected"),
        onclick: () => { document.body.classList.remove("nh-right-folded"); choose(tab.textContent); },
      }, tab.textContent)));
    onChange();
  };
  new MutationObserver(update).observe(document.getElementById("root"),
    { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-selected"] });
  update();
}

function viserTabs() {
  return [...document.querySelectorAll("#root [data-dock-tab]")];
}

/** Looked up at the press: viser may have put another element in a tab's place that looks the same. */
function choose(label) {
  const tab = viserTabs().find(({ textContent }) => textContent === label);
  if (!tab) return;
  tab.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", code: "Enter", bubbles: true }));
  tab.click();
}

function markTabs(tabs, status) {
  for (const tab of tabs.children) {
    tab.classList.toggle("done", status.done.includes(tab.textContent));
    tab.classList.toggle("next", STAGES[status.next] === tab.textContent);
  }
}

const SETTLE_MS = 600;

/** The card's elements stay: a press must find the button that it began on. A press that comes just after
 *  the button has changed was meant for what it was before: a double click on Pause must not Run. */
function buildNext() {
  const title = make("div", { class: "title" }), text = make("div", { class: "text nh-num" });
  const done = make("i"), track = make("div", { class: "nh-track", role: "progressbar" }, done);
  let act = () => {}, isStopping = false, isSettling = false, timer = 0;
  const button = make("button", { onclick: () => act() });
  const allow = () => { button.disabled = isStopping || isSettling; button.classList.toggle("settling", isSettling); };
  const settle = () => {
    isSettling = true;
    clearTimeout(timer);
    timer = setTimeout(() => { isSettling = false; allow(); }, SETTLE_MS);
  };
  const card = make("div", { id: "nh-next", role: "status" }, make("div", { class: "nh-grow" }, title, track, text), button);
  const show = (status) => {
    const { words, detail, verb } = status.job ? ofJob(status) : ofAdvice(status);
    title.textContent = title.title = words;
    text.textContent = text.title = detail;
    track.hidden = !status.job;
    if (status.job) {
      done.style.width = `${status.job.percent}%`;
      track.setAttribute("aria-valuenow", status.job.percent);
      track.classList.toggle("unknown", !status.job.count);
    }
    button.hidden = !verb;
    if (!verb) return;
    if (button.textContent !== verb.label) settle();
    [button.textContent, button.className, act] = [verb.label, `nh-b ${verb.look}`, verb.act];
    button.setAttribute("aria-label", verb.name ?? verb.label);
    isStopping = Boolean(status.job?.cancelling);
    allow();
  };
  return [card, show];
}

function ofAdvice({ title, text, next, word }) {
  const toExport = () => [...document.querySelectorAll(".nh-tab")].find((tab) => tab.textContent === "Export")?.click();
  let verb = null;
  if (next) verb = { label: next, name: `Next: ${next}`, look: "main", act: () => press("next") };
  else if (word === "finished") verb = { label: "To Export", look: "main", act: toExport };
  return { words: title, detail: text, verb };
}

function ofJob({ job, running }) {
  const verb = running
    ? { label: "Pause", name: "Pause the refinement", look: "main", act: () => press("pause") }
    : { label: "Cancel", look: "stop", act: () => press("cancel") };
  const words = job.cancelling ? "Stopping; what was reached is kept" : job.label;
  return { words, detail: [job.count, job.left].filter(Boolean).join(" · ") || "You can look around meanwhile", verb };
}
