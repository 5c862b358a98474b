// Draws the strip of frames: bars before and after, the guard's word, marks, the range, the head.

const MARKS = 11, GUARD = 6, FOOT = 4;
const ANCHOR = "#fcc419", REFINED = "#4dabf7", BAD = "#ff6b6b", BEFORE = "#56616d", INVALID = "#6b2b34", LOCKED = "#8a96a3", CORRECTED = "#e599f7";

export function drawStrip(canvas, { strip, head, scrubbed, range }) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const frames = head?.frames || strip?.frames || 0;
  const place = { pen, width, height, frames, x: (frame) => (frame / Math.max(frames, 1)) * width };
  const low = height - GUARD - FOOT;
  pen.fillStyle = "#0e1013";
  pen.fillRect(0, MARKS, width, low - MARKS);
  if (!frames) return;
  drawRuler(place, low, head.fps);
  if (strip) {
    drawBars(place, strip, low);
    drawGuard(place, strip.share, low + 1);
    drawMarks(place, strip);
  }
  const chosen = range ? [Math.min(...range), Math.max(...range)] : strip?.range;
  if (chosen) drawRange(place, chosen);
  drawHead(place, scrubbed ?? head.frame);
}

function drawRuler({ pen, width, frames, x }, low, fps) {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
  const step = steps.find((size) => (size / frames) * width > 60) ?? 20000;
  pen.font = "10px sans-serif";
  for (let frame = 0; frame < frames; frame += step) {
    pen.fillStyle = "#20262d";
    pen.fillRect(x(frame), MARKS, 1, low - MARKS);
    pen.fillStyle = "#7d8894";
    pen.fillText(String(frame), x(frame) + 3, 9);
  }
}

function drawBars({ pen, width }, strip, low) {
  const count = strip.after.length;
  if (!count) return;
  const size = width / count, gap = size > 3 ? Math.min(0.16 * size, 2) : 0, room = low - MARKS - 3;
  const bad = (column) => {
    const frame = (column / count) * strip.frames, next = ((column + 1) / count) * strip.frames;
    return strip.bad.some(([first, last]) => last + 1 > frame && first < next);
  };
  for (let column = 0; column < count; column++) {
    const before = strip.before[column], after = strip.after[column];
    if (before != null) {
      pen.fillStyle = BEFORE;
      pen.fillRect(column * size + gap / 2, low - before * room, size - gap, before * room);
    }
    if (after != null) {
      const tall = Math.max(after * room, 1.5);
      pen.fillStyle = bad(column) ? BAD : REFINED;
      pen.globalAlpha = bad(column) ? 0.95 : 0.75;
      pen.fillRect(column * size + gap / 2, low - tall, size - gap, tall);
      pen.globalAlpha = 1;
    }
  }
}

/** How much of the refined pose the guard keeps: green all, orange none. */
function drawGuard({ pen, width }, shares, top) {
  const size = width / Math.max(shares.length, 1);
  shares.forEach((share, column) => {
    if (share === null) return;
    pen.fillStyle = `hsl(${24 + 106 * share} 75% ${48 - 8 * share}%)`;
    pen.fillRect(column * size, top, size + 0.4, GUARD);
  });
}

function drawMarks({ pen, height, x }, strip) {
  const low = height - GUARD - FOOT;
  for (const [list, color, top, tall] of [
    [strip.invalid, INVALID, MARKS, low - MARKS], [strip.locked, LOCKED, height - FOOT + 1, FOOT - 1],
    [strip.corrected, CORRECTED, height - FOOT + 1, FOOT - 1],
  ]) {
    pen.fillStyle = color;
    for (const [first, last] of list) pen.fillRect(x(first), top, Math.max(x(last + 1) - x(first), 2), tall);
  }
  pen.fillStyle = ANCHOR;
  for (const anchor of strip.anchors) {
    const middle = x(anchor + 0.5);
    pen.beginPath();
    pen.moveTo(middle - 4, MARKS);
    pen.lineTo(middle + 4, MARKS);
    pen.lineTo(middle, MARKS + 6);
    pen.fill();
  }
}

function drawRange({ pen, width, height, x }, [first, last]) {
  pen.fillStyle = "#0e1013b8";
  pen.fillRect(0, MARKS, x(first), height - MARKS);
  pen.fillRect(x(last + 1), MARKS, width, height - MARKS);
  pen.strokeStyle = "#ffd43b";
  pen.lineWidth = 1.5;
  pen.strokeRect(x(first), MARKS + 0.5, x(last + 1) - x(first), height - MARKS - 1.5);
}

function drawHead({ pen, height, x }, frame) {
  const middle = x(frame + 0.5);
  pen.fillStyle = "#fff";
  pen.fillRect(middle - 1, 0, 2, height);
  pen.beginPath();
  pen.moveTo(middle - 6, 0);
  pen.lineTo(middle + 6, 0);
  pen.lineTo(middle + 6, 4);
  pen.lineTo(middle, 10);
  pen.lineTo(middle - 6, 4);
  pen.fill();
}
