// Trusted Types: HTML that the server rendered may be swapped in; no text ever becomes a script.
window.trustedTypes?.createPolicy("default", {
  createHTML: (html) => html,
  createScriptURL: () => null,
  createScript: () => null,
});
