// Hears of new alerts, fetches the list anew, and sounds a tone, which a button switches off.
const list = document.querySelector("[data-stream]");
const [told, tone] = [document.querySelector("[data-told]"), document.querySelector("[data-tone]")];
const isOn = () => localStorage.getItem("regard-tone") !== "off";
let audio;

function sound() {
  audio ??= new AudioContext();
  const [wave, volume] = [audio.createOscillator(), audio.createGain()];
  wave.frequency.value = 880;
  volume.gain.setValueAtTime(0.2, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.6);
  wave.connect(volume).connect(audio.destination);
  wave.start();
  wave.stop(audio.currentTime + 0.6);
}

// Fetches what is behind the newest that the page has, and puts it before the rest; what was shown is not asked for again.
let isAsking = false, isMore = false;
async function renew() {
  if (isAsking) { isMore = true; return; }
  isAsking = true;
  const last = list.querySelector("[data-head]").dataset.newest;
  const answer = await fetch(`${location.pathname}?after=${last}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.headers.has("HX-Redirect")) location.reload();
  else if (answer?.ok) {
    const come = document.createElement("div");
    come.innerHTML = await answer.text();
    const [lines, shown] = [come.querySelectorAll(".lines > li"), list.querySelector(".lines")];
    if (shown) shown.prepend(...lines);
    else if (lines.length) list.querySelector(".nothing")?.replaceWith(come.querySelector(".lines"));
    list.querySelector("[data-head]").replaceWith(come.querySelector("[data-head]"));
    told.textContent = list.querySelector("[data-new]").textContent;
  }
  isAsking = false;
  if (isMore) { isMore = false; renew(); }
}

tone.hidden = false;
tone.setAttribute("aria-pressed", isOn());
tone.addEventListener("click", () => {
  localStorage.setItem("regard-tone", isOn() ? "off" : "on");
  tone.setAttribute("aria-pressed", isOn());
  if (isOn()) sound();
});
const source = new EventSource(list.dataset.stream);
source.addEventListener("alert", () => {
  if (isOn()) sound();
  renew();
});
source.addEventListener("error", () => {
  if (source.readyState === EventSource.CLOSED) location.reload(); // nobody is signed in any more
});
