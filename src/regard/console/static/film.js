// Jumps in a film: to a time of the table, to a place on the bars, and by ← and → from finding to finding.
const film = document.querySelector("[data-film]");
const [video, unplayed] = [film.querySelector("video"), film.querySelector("[data-unplayed]")];
const links = [...document.querySelectorAll("[data-at]")];
const moments = [...new Set(links.map((link) => Number(link.dataset.at)))].sort((one, other) => one - other);
const bars = document.querySelector("[data-seconds]");
const [LEFT, WIDTH] = [160, 530]; // of the bars, in their own units

function go(seconds) {
  video.currentTime = seconds;
  for (const link of links) {
    if (Number(link.dataset.at) === seconds) link.setAttribute("aria-current", "time");
    else link.removeAttribute("aria-current");
  }
  if (video.getBoundingClientRect().bottom < 0) film.scrollIntoView();
}

for (const link of links) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(Number(link.dataset.at));
    video.focus({ preventScroll: true });
  });
}
bars?.addEventListener("click", (event) => {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(bars.getScreenCTM().inverse());
  const share = (place.x - LEFT) / WIDTH;
  if (share >= 0 && share <= 1) go(share * Number(bars.dataset.seconds));
});
document.addEventListener("keydown", (event) => {
  const isForward = event.key === "ArrowRight";
  if ((!isForward && event.key !== "ArrowLeft") || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.closest("input, select, textarea, .wide:focus")) return;
  const now = video.currentTime;
  const next = isForward ? moments.find((at) => at > now + 0.05) : moments.findLast((at) => at < now - 0.05);
  if (next === undefined) return;
  event.preventDefault();
  event.stopPropagation(); // the player itself would go five seconds on
  go(next);
}, true);
video.addEventListener("error", () => { unplayed.hidden = false; });
video.addEventListener("loadedmetadata", () => { unplayed.hidden = true; });
