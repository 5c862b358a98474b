// The left column: the picture of the video, and the joints of the shown frame.

import { iconButton, make, on, send } from "./link.js";

export function buildLeft() {
  const picture = buildPicture();
  const legend = make("div", { id: "nh-legend" });
  const joints = buildJoints();
  const fold = () => document.body.classList.toggle("nh-left-folded");
  document.body.append(make("aside", { id: "nh-left", "aria-label": "Picture and joints" },
    make("button", { class: "nh-strip", title: "Unfold picture and joints", "aria-label": "Unfold picture and joints", onclick: fold },
      make("i", { class: "nh-i nh-i-right" }), make("span", {}, "Picture and joints")),
    make("div", { class: "nh-head" }, "VIDEO", make("span", { class: "nh-grow" }),
      iconButton("left", "Fold picture and joints", fold, "nh-fold")),
    picture, legend, joints));
  on("picture", (now) => {
    legend.replaceChildren(...now.legend.map(({ words, color }) =>
      make("span", {}, make("i", { style: `background:${color}` }), words)));
  });
}

/** viser decodes the picture in a hidden element; it is drawn here whenever a new one has come. */
function buildPicture() {
  const canvas = make("canvas", { role: "img", "aria-label": "Video picture", title: "Click on a joint to select it" });
  const box = make("div", { id: "nh-picture" }, canvas);
  const toggle = () => {
    const isLarge = document.body.classList.toggle("nh-large");
    large.firstChild.className = `nh-i nh-i-${isLarge ? "small" : "large"}`;
  };
  const large = iconButton("large", "Large picture", toggle, "over");
  const mark = make("i", { class: "mark" });
  box.append(mark, large);
  let at = null;
  /** Where the picture lies in its canvas, which keeps its shape. */
  const room = () => {
    const { width, height } = canvas.getBoundingClientRect();
    const scale = Math.min(width / canvas.width, height / canvas.height);
    const size = [scale * canvas.width, scale * canvas.height];
    return { left: (width - size[0]) / 2, top: (height - size[1]) / 2, width: size[0], height: size[1] };
  };
  const placeMark = () => {
    const { left, top, width, height } = room();
    mark.hidden = !at;
    if (at) mark.style.transform = `translate(${left + at[0] * width}px, ${top + at[1] * height}px)`;
  };
  on("joints", (now) => { at = now.at; placeMark(); });
  new ResizeObserver(placeMark).observe(canvas);
  const isOurs = (image) => image.closest?.("[data-dock-region]") && image.parentElement?.parentElement?.textContent === "nh-frame";
  document.addEventListener("load", ({ target: image }) => {
    if (image.tagName !== "IMG" || !isOurs(image)) return;
    if (canvas.width !== image.naturalWidth) canvas.width = image.naturalWidth;
    if (canvas.height !== image.naturalHeight) canvas.height = image.naturalHeight;
    canvas.getContext("2d").drawImage(image, 0, 0);
    canvas.dataset.pictures = String(Number(canvas.dataset.pictures ?? 0) + 1);
    placeMark();
  }, true);
  new MutationObserver(() => {
    for (const label of document.querySelectorAll("#root [data-dock-region] .mantine-Text-root"))
      if (label.textContent === "nh-frame") label.parentElement.classList.add("nh-hidden");
  }).observe(document.getElementById("root"), { childList: true, subtree: true });
  canvas.addEventListener("click", (event) => {
    const outer = canvas.getBoundingClientRect(), inner = room();
    const across = (event.clientX - outer.left - inner.left) / inner.width;
    const down = (event.clientY - outer.top - inner.top) / inner.height;
    if (across >= 0 && across <= 1 && down >= 0 && down <= 1) send("pick", [across, down]);
  });
  return box;
}

const COLUMNS = [["joint", "Joint"], ["before", "Before"], ["after", "After"], ["similarity", "Match"]];
const ONE = { before: "Error mm", after: "Moved mm" };
const MATCH = { yes: ["#51cf66", "matched"], no: ["#ff6b6b", "best candidate not believed"], unseen: ["#77828e", "not seen"], none: ["#3a434d", "takes no part in matching"] };

function buildJoints() {
  const head = make("tr"), body = make("tbody");
  const box = make("div", { id: "nh-joints" }, make("table", { "aria-label": "Joints" }, make("thead", {}, head), body));
  let content = null, columns = COLUMNS, sorted = "joint", isDown = false;
  const draw = () => {
    const hasTwo = content.before.length && content.after.length;
    // A column that says nothing yet takes no room.
    columns = COLUMNS.filter(([key]) => key === "joint" || key === "similarity" || content[key].length);
    head.replaceChildren(...columns.map(([key, words]) => {
      const title = key === "before" || key === "after" ? content.meaning : key === "similarity" ? "Similarity of the best candidate; the dot tells whether it was believed" : "";
      const cell = make("th", { title, class: key === sorted ? "sorted" : null, onclick: () => { isDown = key === sorted ? !isDown : key !== "joint"; sorted = key; draw(); } });
      const only = hasTwo || !(key in ONE) ? words : ONE[key];
      cell.textContent = only + (key === sorted ? (isDown ? " ↓" : " ↑") : "");
      return cell;
    }));
    const value = (joint) => sorted === "joint" ? joint : content[sorted][joint] ?? -Infinity;
    const order = content.names.map((_, joint) => joint).sort((a, b) => (isDown ? -1 : 1) * (value(a) - value(b) || 0));
    body.replaceChildren(...order.map((joint) => row(content, columns, joint)));
    if (key !== content.selected) { key = content.selected; body.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }); }
  };
  let key = -1;
  on("joints", (now) => { content = now; draw(); });
  return box;
}

function row(content, columns, joint) {
  const cells = [make("td", {}, content.names[joint])];
  for (const [name] of columns.filter(([key]) => key === "before" || key === "after")) {
    const value = content[name][joint];
    const style = value === undefined || value === null ? "color:#5d6873" : `color:${errorColor(value)}`;
    cells.push(make("td", { style }, value ?? "–"));
  }
  const match = content.match[joint];
  const cell = make("td", { title: match ? MATCH[match][1] : "Known after Register" }, content.similarity[joint]?.toFixed(2) ?? "–");
  cell.append(make("i", { class: "dot", style: match ? `background:${MATCH[match][0]}` : null }));
  cells.push(cell);
  return make("tr", { "aria-selected": String(joint === content.selected), onclick: () => send("joint", joint) }, ...cells);
}

/** The skeleton's colors: green near, yellow, red from 120 mm on. */
function errorColor(millimeters) {
  const share = Math.min(millimeters / 120, 1);
  const hue = share < 0.4 ? 130 - (share / 0.4) * 80 : 50 - ((share - 0.4) / 0.6) * 50;
  return `hsl(${hue} 75% 68%)`;
}
