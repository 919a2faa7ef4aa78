// Both faces of a sheet are seen alike: zoomed, moved, brightened, mirrored together. It changes the view alone.
const sheet = document.getElementById("sheet");
const controls = sheet.querySelector(".viewing");
const faces = [...sheet.querySelectorAll(".face img")];
const noted = sheet.elements.namedItem("view");
const START = { zoom: 100, brightness: 100, contrast: 100, x: 0, y: 0, turns: new Set() };
let view = { ...START, turns: new Set() };
const seen = new Set(noted.value ? noted.value.split(", ") : []);

function draw() {
  const reach = 50 * (1 - 100 / view.zoom); // percent of the face: its edge never comes into the middle
  view.x = Math.max(-reach, Math.min(reach, view.x));
  view.y = Math.max(-reach, Math.min(reach, view.y));
  const across = view.turns.has("mirrored") ? -1 : 1;
  const turn = view.turns.has("upside-down") ? "180deg" : "0deg";
  for (const face of faces) {
    face.style.filter = `brightness(${view.brightness}%) contrast(${view.contrast}%)`;
    face.style.transform =
      `scale(${view.zoom / 100}) translate(${view.x}%, ${view.y}%) scaleX(${across}) rotate(${turn})`;
  }
  if (view.brightness !== 100) seen.add("with other brightness");
  if (view.contrast !== 100) seen.add("with other contrast");
  for (const turned of view.turns) seen.add(turned);
  noted.value = [...seen].join(", ");
}

function move(across, down) {
  view.x += across;
  view.y += down;
  draw();
}

controls.addEventListener("input", (event) => {
  view[event.target.dataset.view] = Number(event.target.value);
  draw();
});
const STEPS = { left: [6, 0], right: [-6, 0], up: [0, 6], down: [0, -6] };
controls.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.move) move(...STEPS[button.dataset.move]);
  if (button.dataset.turn) {
    const isOn = !view.turns.delete(button.dataset.turn);
    if (isOn) view.turns.add(button.dataset.turn);
    button.setAttribute("aria-pressed", String(isOn));
    draw();
  }
  if ("reset" in button.dataset) {
    view = { ...START, turns: new Set() };
    for (const slider of controls.querySelectorAll("input")) slider.value = "100";
    for (const turn of controls.querySelectorAll("[data-turn]")) turn.setAttribute("aria-pressed", "false");
    draw();
  }
});

for (const face of faces) {
  const frame = face.parentElement;
  let last = null;
  frame.addEventListener("pointerdown", (event) => {
    if (view.zoom === 100) return; // nothing to move; a finger scrolls the page
    last = event;
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!last) return;
    const size = face.offsetWidth * (view.zoom / 100);
    move((100 * (event.clientX - last.clientX)) / size, (100 * (event.clientY - last.clientY)) / size);
    last = event;
  });
  for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, () => { last = null; });
}

// Keys 1 to 7 rate the face that has the focus, or the first that has no rating.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !/^[1-7]$/.test(event.key)) return;
  if (event.target.closest("textarea, select, input:not([type=radio], [type=range])")) return;
  const sections = [...sheet.querySelectorAll(".comparison")];
  const section = event.target.closest(".comparison")
    ?? sections.find((one) => !one.querySelector(".rating :checked")) ?? sections[0];
  const chosen = section.querySelectorAll(".rating input")[Number(event.key) - 1];
  chosen.checked = true;
  chosen.focus();
});

controls.hidden = false;
