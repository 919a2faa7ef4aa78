// Passkeys. A button with data-passkey="create" or "get" asks the page for its options as JSON, has the browser
// make or use a passkey, and sends the form that it stands in, with what came of it. Where a browser has no
// passkeys, what stands around the button stays hidden, and the rest of the page is as good.
const sections = document.querySelectorAll("[data-needs-passkeys]");

async function options(kind, form) {
  const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
  const told = (await answer.json()).Passkey;
  if (kind === "get") return PublicKeyCredential.parseRequestOptionsFromJSON(told);
  const name = form.elements.name?.value.trim();
  if (name) told.user = { ...told.user, name, displayName: name };
  return PublicKeyCredential.parseCreationOptionsFromJSON(told);
}

async function press(button) {
  const form = button.form, kind = button.dataset.passkey;
  const failed = form.querySelector("[data-passkey-failed]");
  failed.hidden = true;
  const needed = [form.elements.name, form.elements[button.dataset.needs]];
  if (!needed.every((field) => !field || field.reportValidity())) return;
  button.disabled = true;
  try {
    const made = await navigator.credentials[kind]({ publicKey: await options(kind, form) });
    form.elements.credential.value = JSON.stringify(made.toJSON());
    button.disabled = false;
    form.requestSubmit(button);
  } catch {
    failed.hidden = false;
    button.disabled = false;
  }
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const section of sections) {
    section.hidden = false;
    for (const button of section.querySelectorAll("button[data-passkey]")) {
      button.addEventListener("click", (event) => {
        event.preventDefault();
        press(button);
      });
    }
  }
}
