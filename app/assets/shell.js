// Runs beside Streamlit on every page: sends a signed-out page to the sign-in, and offers a reload when
// the server was upgraded under an open page. It draws nothing while all is well.
(() => {
  // Else Streamlit tries the address of the page as its base first: two answers of 404 on each page.
  window.__streamlit = { BACKEND_BASE_URL: location.origin };

  const SESSION = '/api/v1/session'; // asking does not keep the sign-in alive: only a person's deeds do
  const EVERY_MS = 10_000;

  async function checkSession() {
    if (document.hidden) return;
    let answer;
    try {
      answer = await fetch(SESSION, { headers: { accept: 'application/json' }, cache: 'no-store' });
    } catch {
      return; // the server is away: Streamlit says so, and its page stays readable
    }
    if (answer.status === 401) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    }
  }
  setInterval(checkSession, EVERY_MS);
  addEventListener('online', checkSession);
  document.addEventListener('visibilitychange', checkSession);

  // What Chromium, Firefox and Safari say when a script of an older version is gone.
  const GONE = /dynamically imported module|Importing a module script failed|Unable to preload CSS/;

  function offerReload() {
    if (document.getElementById('valor-reload')) return;
    const bar = document.createElement('div');
    bar.id = 'valor-reload';
    bar.setAttribute('role', 'alert');
    bar.style.cssText =
      'position:fixed;inset:auto 0 0 0;z-index:1000000;display:flex;gap:1rem;align-items:center;' +
      'justify-content:center;padding:.75rem 1rem;font:1rem system-ui,sans-serif;color:#fff;background:#0b4f8a';
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Reload';
    button.style.cssText =
      'font:inherit;font-weight:600;padding:.375rem 1rem;border:0;border-radius:.375rem;' +
      'color:#0b4f8a;background:#fff;cursor:pointer';
    button.addEventListener('click', () => location.reload());
    bar.append('Valor IVX has been updated.', button);
    document.body.append(bar);
  }
  addEventListener('unhandledrejection', ({ reason }) => {
    if (GONE.test(String(reason?.message ?? reason))) offerReload();
  });
  addEventListener('error', ({ message }) => {
    if (GONE.test(message ?? '')) offerReload();
  });
  addEventListener('vite:preloadError', offerReload);
})();
