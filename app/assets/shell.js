// Runs beside Streamlit on every page: sends a signed-out page to the sign-in, offers a reload when the
// server was upgraded under an open page, and has the Tab key find what a button has opened. It draws
// nothing while all is well.
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

  // The list of pages is longer than many screens: the page that is open is in view.
  const listed = new MutationObserver(() => {
    const open = document.querySelector('[data-testid=stSidebarNavLink][aria-current=page]');
    const list = open?.closest('[data-testid=stSidebarContent]');
    if (!list) return;
    listed.disconnect();
    const foot = list.getBoundingClientRect().bottom - (Number.parseFloat(getComputedStyle(list).scrollPaddingBottom) || 24);
    list.scrollTop += Math.max(0, open.getBoundingClientRect().bottom - foot);
  });
  listed.observe(document.documentElement, { childList: true, subtree: true });

  // What a button opens stands at the end of the document, behind all the rest of the page.
  const OPENER = '[data-testid=stPopoverButton][aria-expanded=true]';
  const STOPS = 'a[href],button,input,select,textarea,[tabindex]';

  function walkThroughWhatIsOpen(event) {
    const opener = document.querySelector(OPENER);
    const opened = document.querySelector('[data-testid=stPopoverBody]');
    if (event.key !== 'Tab' || !opener || !opened) return;
    const stops = [...opened.querySelectorAll(STOPS)].filter(
      (each) => each.tabIndex >= 0 && !each.disabled && each.getClientRects().length,
    );
    const [from, back] = [document.activeElement, event.shiftKey];
    if (from === opener && !back && stops.length) {
      stops[0].focus();
      event.preventDefault();
    } else if (from === stops[0] && back) {
      opener.focus();
      event.preventDefault();
    } else if (from === stops.at(-1) && !back) {
      opener.focus(); // the browser goes on from there, to what follows on the page
    }
  }
  document.addEventListener('keydown', walkThroughWhatIsOpen, true);

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
