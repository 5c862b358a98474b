// Notices, at the foot of the 3D view: they cover no title and no instruction.

import { iconButton, make, on, press } from "./link.js";

export function buildNotices() {
  const box = make("div", { id: "nh-notices", role: "log", "aria-live": "polite" });
  const there = new Map();
  const closed = new Set();
  document.body.append(box);
  on("notices", ({ list }) => {
    const wanted = new Set(list.map((notice) => notice.id));
    for (const [id, element] of there) if (!wanted.has(id)) { element.remove(); there.delete(id); }
    for (const notice of list) {
      if (there.has(notice.id) || closed.has(notice.id)) continue;
      const element = draw(notice, () => { closed.add(notice.id); there.delete(notice.id); element.remove(); });
      there.set(notice.id, element);
      box.append(element);
    }
  });
}

function draw(notice, close) {
  const words = make("div", { class: "nh-grow" }, make("b", {}, notice.title), make("div", { class: "body" }, notice.body));
  if (notice.kept) words.append(make("div", { class: "nh-dim" }, notice.kept));
  if (notice.verb) {
    const act = () => { press(notice.press); close(); };
    words.append(make("button", { class: "nh-b offer", onclick: act }, notice.verb));
  }
  if (notice.details) {
    const copy = make("button", { class: "nh-b", onclick: async () => {
      await navigator.clipboard?.writeText(`${notice.title}\n${notice.body}\n\n${notice.details}`);
      copy.lastChild.textContent = "Copied";
    } }, make("i", { class: "nh-i nh-i-copy" }), "Copy details");
    words.append(copy);
  }
  const kind = notice.kind === "error" ? "alert" : "status";
  return make("div", { class: `nh-notice ${notice.kind}`, role: kind }, words, iconButton("close", "Close notice", close));
}
