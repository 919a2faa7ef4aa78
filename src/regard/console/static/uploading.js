// Many pictures, three at a time; what came of each is a line. Digests of what was taken are kept in this browser, so that
// the same folder again goes on where it stopped.
const form = document.querySelector("[data-upload]");

async function digest(file) {
  if (!crypto.subtle) return null; // plain HTTP beyond this machine
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(hash).slice(0, 12), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(file, fields) {
  const body = new FormData();
  for (const [name, value] of fields) body.append(name, value);
  body.set("picture", file);
  body.set("act", "upload");
  const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
  const told = await answer.json();
  return { enrolled: told.Enrolled ?? 0, told: told.Told ?? told.message, taken: answer.ok };
}

if (form) {
  const input = form.querySelector("input[type=file]");
  const shown = document.querySelector("[data-progress]");
  const [bar, sum, rows] = ["progress", "[data-sum]", "[data-rows]"].map((part) => shown.querySelector(part));
  const key = `regard:${form.dataset.upload}`;
  input.multiple = true;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const files = [...input.files];
    shown.hidden = false;
    if (files.length > 2000) { sum.textContent = form.dataset.many; return; }
    const fields = [...new FormData(form)].filter(([name]) => name !== "picture");
    const known = new Set(JSON.parse(localStorage.getItem(key) ?? "[]"));
    let done = 0, enrolled = 0;
    const row = (name, text) => {
      const line = document.createElement("li");
      line.textContent = `${name}: ${text}`;
      rows.prepend(line);
    };
    const next = async () => {
      for (let file = files.shift(); file; file = files.shift()) {
        const mark = await digest(file);
        if (mark && known.has(mark)) row(file.name, form.dataset.double);
        else {
          try {
            const came = await send(file, fields);
            enrolled += came.enrolled;
            if (mark && came.taken) known.add(mark);
            row(file.name, came.told);
          } catch { row(file.name, form.dataset.failed); }
        }
        bar.value = (done += 1) / total;
        localStorage.setItem(key, JSON.stringify([...known].slice(-20000)));
      }
    };
    const total = files.length;
    bar.value = 0;
    sum.textContent = "";
    await Promise.all([next(), next(), next()]);
    sum.textContent = form.dataset.done + enrolled;
  });
}
