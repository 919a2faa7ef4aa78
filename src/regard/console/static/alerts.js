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

async function renew() {
  const answer = await fetch(location.href, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (answer?.headers.has("HX-Redirect")) location.reload();
  else if (answer?.ok) {
    list.innerHTML = await answer.text();
    told.textContent = list.querySelector("[data-new]").textContent;
  }
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
