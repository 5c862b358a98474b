"use strict";
// Plays the motion that lies in this page. Matrices are column by column, as WebGL wants them.

const content = JSON.parse(document.getElementById("content").textContent);
const unpack = (text, Kind) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Kind(bytes.buffer);
};
const { parents, rest, frames, fps } = content;
const numJoints = parents.length;
const rotations = unpack(content.rotations, Int16Array);
const pelvis = unpack(content.pelvis, Float32Array);
const lastRow = frames.length - 1;

// --- The body ------------------------------------------------------------------------------------

function restVertices() {
  const steps = unpack(content.vertices, Uint16Array);
  return Float32Array.from(
    steps, (step, i) => content.low[i % 3] + (step / 65535) * content.size[i % 3]);
}

function restNormals(vertices, faces) {
  const normals = new Float32Array(vertices.length);
  for (let i = 0; i < faces.length; i += 3) {
    const [a, b, c] = [faces[i] * 3, faces[i + 1] * 3, faces[i + 2] * 3];
    const u = [0, 1, 2].map((k) => vertices[b + k] - vertices[a + k]);
    const v = [0, 1, 2].map((k) => vertices[c + k] - vertices[a + k]);
    for (let k = 0; k < 3; k++) {
      const [m, n] = [(k + 1) % 3, (k + 2) % 3];
      const area = u[m] * v[n] - u[n] * v[m];
      for (const corner of [a, b, c]) normals[corner + k] += area;
    }
  }
  return normals;
}

// Rest space to the world, joint by joint, between two rows.
function boneMatrices(row, share) {
  const next = Math.min(row + 1, lastRow);
  const world = [], bones = new Float32Array(16 * numJoints);
  for (let joint = 0; joint < numJoints; joint++) {
    const turn = rotationBetween(row, next, joint, share);
    const parent = parents[joint];
    let rotation = turn, place;
    if (parent < 0) {
      place = [0, 1, 2].map(
        (k) => (1 - share) * pelvis[3 * row + k] + share * pelvis[3 * next + k]);
    } else {
      const above = world[parent];
      const offset = [0, 1, 2].map((k) => rest[joint][k] - rest[parent][k]);
      const turned = apply3(above.rotation, offset);
      place = turned.map((number, k) => number + above.place[k]);
      rotation = multiply3(above.rotation, turn);
    }
    world.push({ rotation, place });
    const moved = apply3(rotation, rest[joint]);
    for (let column = 0; column < 3; column++)
      for (let k = 0; k < 3; k++)
        bones[16 * joint + 4 * column + k] = rotation[3 * column + k];
    for (let k = 0; k < 3; k++) bones[16 * joint + 12 + k] = place[k] - moved[k];
    bones[16 * joint + 15] = 1;
  }
  return { bones, root: world[0].place };
}

function rotationBetween(row, next, joint, share) {
  const q = [0, 1, 2, 3].map((k) =>
    (1 - share) * rotations[4 * (row * numJoints + joint) + k] +
    share * rotations[4 * (next * numJoints + joint) + k]);
  const length = Math.hypot(...q) || 1;
  const [w, x, y, z] = q.map((number) => number / length);
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y),
    2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x),
    2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y),
  ];
}

const apply3 = (m, v) => [0, 1, 2].map((k) => m[k] * v[0] + m[3 + k] * v[1] + m[6 + k] * v[2]);
const multiply3 = (a, b) =>
  [0, 3, 6].flatMap((column) => apply3(a, b.slice(column, column + 3)));

// --- The viewer's place --------------------------------------------------------------------------

const orbit = { yaw: 0, pitch: 0.18, distance: 4, target: [0, 1, 0] };

function place() {
  const { yaw, pitch, distance, target } = orbit;
  const back = [
    Math.sin(yaw) * Math.cos(pitch), Math.sin(pitch), Math.cos(yaw) * Math.cos(pitch)];
  const right = [Math.cos(yaw), 0, -Math.sin(yaw)];
  const up = [
    back[1] * right[2] - back[2] * right[1],
    back[2] * right[0] - back[0] * right[2],
    back[0] * right[1] - back[1] * right[0]];
  const eye = target.map((number, k) => number + distance * back[k]);
  return { back, right, up, eye };
}

function viewProjection(aspect) {
  const { back, right, up, eye } = place();
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const axes = [right, up, back];
  const focal = 1 / Math.tan(0.5 * 0.7) * Math.min(1, aspect);
  const [near, far] = [0.05, 200];
  const scale = [focal / aspect, focal, (far + near) / (near - far)];
  const matrix = new Float32Array(16);
  for (let column = 0; column < 3; column++) {
    for (let k = 0; k < 3; k++) matrix[4 * column + k] = scale[k] * axes[k][column];
    matrix[4 * column + 3] = -back[column];
  }
  for (let k = 0; k < 3; k++) matrix[12 + k] = -scale[k] * dot(axes[k], eye);
  matrix[14] += (2 * far * near) / (near - far);
  matrix[15] = dot(back, eye);
  return { matrix, eye };
}

// --- Drawing -------------------------------------------------------------------------------------

const BODY_VERTEX = `
attribute vec3 position; attribute vec3 normal; attribute vec4 bone; attribute vec4 weight;
uniform mat4 bones[${numJoints}]; uniform mat4 view;
varying vec3 facing; varying vec3 point;
void main() {
  mat4 blend = weight.x * bones[int(bone.x)] + weight.y * bones[int(bone.y)]
    + weight.z * bones[int(bone.z)] + weight.w * bones[int(bone.w)];
  vec4 world = blend * vec4(position, 1.0);
  facing = (blend * vec4(normal, 0.0)).xyz; point = world.xyz;
  gl_Position = view * world;
}`;
const BODY_FRAGMENT = `
precision highp float;
varying vec3 facing; varying vec3 point; uniform vec3 eye;
void main() {
  vec3 n = normalize(facing), toEye = normalize(eye - point);
  float key = max(dot(n, normalize(vec3(0.5, 0.9, 0.6))), 0.0);
  float fill = max(dot(n, normalize(vec3(-0.7, 0.3, -0.4))), 0.0);
  float rim = pow(1.0 - max(dot(n, toEye), 0.0), 3.0);
  vec3 color = vec3(0.66, 0.72, 0.80) * (0.28 + 0.62 * key + 0.16 * fill) + 0.16 * rim;
  gl_FragColor = vec4(pow(color, vec3(0.92)), 1.0);
}`;
const FLOOR_VERTEX = `
attribute vec2 corner; uniform mat4 view; uniform vec3 middle; varying vec3 point;
void main() {
  point = vec3(middle.x + corner.x * 12.0, middle.y, middle.z + corner.y * 12.0);
  gl_Position = view * vec4(point, 1.0);
}`;
const FLOOR_FRAGMENT = `
#extension GL_OES_standard_derivatives : enable
precision highp float;
varying vec3 point; uniform vec3 middle; uniform vec3 eye;
float lines(vec2 place, float width) {
  vec2 across = max(fwidth(place), vec2(1e-5));
  vec2 near = abs(fract(place - 0.5) - 0.5) / across;
  float fade = clamp(0.6 / max(across.x, across.y), 0.0, 1.0);
  return (1.0 - min(min(near.x, near.y) / width, 1.0)) * fade;
}
void main() {
  float away = length(point.xz - middle.xz);
  float shown = (1.0 - smoothstep(3.0, 11.0, away)) * (eye.y > middle.y ? 1.0 : 0.25);
  float ink = max(0.22 * lines(point.xz * 2.0, 1.2), 0.6 * lines(point.xz, 1.5));
  // A soft shadow tells where the person stands.
  float shadow = 0.6 * (1.0 - smoothstep(0.05, 0.6, away));
  vec3 color = mix(vec3(0.30, 0.34, 0.39) * ink + vec3(0.11, 0.125, 0.14), vec3(0.03), shadow);
  gl_FragColor = vec4(color, shown);
}`;

const canvas = document.getElementById("view");
const gl = canvas.getContext("webgl", { antialias: true, preserveDrawingBuffer: true });

function build(vertexSource, fragmentSource) {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, vertexSource], [gl.FRAGMENT_SHADER, fragmentSource]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source.trim());
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(gl.getProgramInfoLog(program) || "a shader cannot be built");
  return program;
}

function attribute(program, name, data, size, kind, isNormalized) {
  const buffer = gl.createBuffer(), position = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
  return () => {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(position);
    gl.vertexAttribPointer(position, size, kind, isNormalized, 0, 0);
  };
}

function makeScene() {
  if (!gl) throw new Error("this browser offers no WebGL");
  gl.getExtension("OES_standard_derivatives");
  const body = build(BODY_VERTEX, BODY_FRAGMENT), floor = build(FLOOR_VERTEX, FLOOR_FRAGMENT);
  const vertices = restVertices(), faces = unpack(content.faces, Uint16Array);
  const bodyAttributes = [
    attribute(body, "position", vertices, 3, gl.FLOAT, false),
    attribute(body, "normal", restNormals(vertices, faces), 3, gl.FLOAT, false),
    attribute(body, "bone", unpack(content.bones, Uint8Array), 4, gl.UNSIGNED_BYTE, false),
    attribute(body, "weight", unpack(content.weights, Uint8Array), 4, gl.UNSIGNED_BYTE, true),
  ];
  const corners = new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]);
  const floorAttributes = [attribute(floor, "corner", corners, 2, gl.FLOAT, false)];
  const indices = gl.createBuffer();
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, indices);
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, faces, gl.STATIC_DRAW);
  return { body, floor, bodyAttributes, floorAttributes, numIndices: faces.length };
}

function draw(scene, time) {
  const row = Math.min(Math.floor(time), lastRow);
  const { bones, root } = boneMatrices(row, Math.min(time - row, 1));
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const [width, height] = [canvas.clientWidth * ratio, canvas.clientHeight * ratio].map(Math.round);
  if (canvas.width !== width || canvas.height !== height)
    [canvas.width, canvas.height] = [width, height];
  gl.viewport(0, 0, width, height);
  gl.clearColor(0.086, 0.098, 0.114, 1);
  gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
  gl.enable(gl.DEPTH_TEST);
  const { matrix, eye } = viewProjection(width / Math.max(height, 1));
  gl.useProgram(scene.body);
  for (const bind of scene.bodyAttributes) bind();
  gl.uniformMatrix4fv(gl.getUniformLocation(scene.body, "bones"), false, bones);
  gl.uniformMatrix4fv(gl.getUniformLocation(scene.body, "view"), false, matrix);
  gl.uniform3fv(gl.getUniformLocation(scene.body, "eye"), eye);
  gl.drawElements(gl.TRIANGLES, scene.numIndices, gl.UNSIGNED_SHORT, 0);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
  gl.useProgram(scene.floor);
  for (const bind of scene.floorAttributes) bind();
  gl.uniformMatrix4fv(gl.getUniformLocation(scene.floor, "view"), false, matrix);
  gl.uniform3fv(gl.getUniformLocation(scene.floor, "eye"), eye);
  gl.uniform3fv(
    gl.getUniformLocation(scene.floor, "middle"), [root[0], content.floor, root[2]]);
  gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
  gl.disable(gl.BLEND);
}

// --- Controls ------------------------------------------------------------------------------------

const play = document.getElementById("play"), scrub = document.getElementById("scrub");
const where = document.getElementById("where"), speed = document.getElementById("speed");
const state = { time: 0, isPlaying: lastRow > 0, before: null };
scrub.max = lastRow;

function setPlaying(isPlaying) {
  state.isPlaying = isPlaying && lastRow > 0;
  if (state.isPlaying && state.time >= lastRow) state.time = 0;
  play.textContent = state.isPlaying ? "❚❚" : "▶";
}

function seek(time) {
  setPlaying(false);
  state.time = Math.max(0, Math.min(lastRow, time));
}

function tell() {
  const row = Math.min(Math.floor(state.time + 1e-6), lastRow);
  scrub.value = row;
  where.firstElementChild.textContent = `frame ${frames[row]}`;
  where.lastElementChild.textContent = ` · ${(frames[row] / fps).toFixed(2)} s`;
}

play.addEventListener("click", () => setPlaying(!state.isPlaying));
scrub.addEventListener("input", () => seek(Number(scrub.value)));
document.addEventListener("keydown", (event) => {
  // These answer to keys by themselves.
  if (event.target === speed || (event.target === play && event.key === " ")) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.key === " ") setPlaying(!state.isPlaying);
  else if (step) seek(Math.round(state.time) + step);
  else return;
  event.preventDefault();
});

const fingers = new Map();
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, [event.clientX, event.clientY]);
});
for (const name of ["pointerup", "pointercancel"])
  canvas.addEventListener(name, (event) => fingers.delete(event.pointerId));
canvas.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY];
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  };
  const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
  if (fingers.size === 2) {
    const apart = spread();
    fingers.set(event.pointerId, now);
    zoom(apart / Math.max(spread(), 1));
    pan(dx / 2, dy / 2);
    return;
  }
  fingers.set(event.pointerId, now);
  if (event.buttons & 6 || event.shiftKey) pan(dx, dy);
  else {
    orbit.yaw -= 0.008 * dx;
    orbit.pitch = Math.max(-1.5, Math.min(1.5, orbit.pitch + 0.008 * dy));
  }
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(0.0012 * event.deltaY));
}, { passive: false });

function zoom(factor) {
  orbit.distance = Math.max(0.4, Math.min(60, orbit.distance * factor));
}

function pan(dx, dy) {
  const { right, up } = place();
  const size = orbit.distance / Math.max(canvas.clientHeight, 1) * 0.75;
  for (let k = 0; k < 3; k++) orbit.target[k] += size * (dy * up[k] - dx * right[k]);
}

// --- Start ---------------------------------------------------------------------------------------

function start() {
  const scene = makeScene();
  // The first view holds the way that the person goes.
  const spans = [0, 1, 2].map((k) => {
    const numbers = frames.map((_, row) => pelvis[3 * row + k]);
    const [low, high] = [numbers, numbers].map((list, i) =>
      list.reduce((a, b) => (i ? Math.max(a, b) : Math.min(a, b))));
    return { middle: (low + high) / 2, size: high - low };
  });
  orbit.target = spans.map((span) => span.middle);
  orbit.target[1] -= 0.18;  // Leaves room for the controls below the feet.
  const front = rotationBetween(0, 0, 0, 0).slice(6);
  orbit.yaw = Math.atan2(front[0], front[2]) + 0.5;
  orbit.distance = Math.min(20, 3.6 + 1.1 * Math.max(spans[0].size, spans[2].size));
  setPlaying(state.isPlaying);
  const tick = (now) => {
    const passed = state.before === null ? 0 : Math.min((now - state.before) / 1000, 0.25);
    state.before = now;
    if (state.isPlaying) {
      state.time += passed * fps * Number(speed.value);
      if (state.time > lastRow) state.time %= Math.max(lastRow, 1);
    }
    tell();
    draw(scene, state.time);
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

try {
  start();
} catch (error) {
  const trouble = document.getElementById("trouble");
  trouble.style.display = "grid";
  trouble.textContent = `The body cannot be shown: ${error.message}.`;
}
