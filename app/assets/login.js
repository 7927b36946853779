// Takes the one-use token out of the link's fragment, so that it reaches neither a log nor a Referer,
// and posts it. A link or token pasted into the form goes the same way.
const form = document.getElementById('sign-in');
const field = document.getElementById('token');
const buttons = document.querySelectorAll('button');
const provider = document.getElementById('provider');
const status = document.getElementById('say');
const next = new URLSearchParams(location.search).get('next') ?? '/';

const tokenOf = (text) => text.trim().replace(/^.*#token=/, '');

function say(text, bad = false) {
  status.textContent = text;
  status.classList.toggle('bad', bad);
}

const disable = (yes) => buttons.forEach((button) => (button.disabled = yes));

async function signIn(token, then = next) {
  disable(true);
  say('Signing in …');
  try {
    const answer = await fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-vx-csrf': '1' },
      body: JSON.stringify({ token, next: then }),
    });
    const body = await answer.json();
    if (answer.ok) {
      location.replace(body.next);
      return;
    }
    say([body.detail, body.hint].filter(Boolean).join(' '), true);
  } catch {
    say('The server does not answer. Is it still running? Then try again.', true);
  }
  disable(false);
  field?.focus();
}

form?.addEventListener('submit', (event) => {
  event.preventDefault();
  signIn(tokenOf(field.value));
});

// One of several tenants, chosen by who comes back from the identity provider.
for (const way of document.querySelectorAll('button[data-token]')) {
  way.addEventListener('click', () => signIn(way.dataset.token, way.dataset.next));
}
if (provider && next !== '/') provider.href += `?next=${encodeURIComponent(next)}`;
// The code that the provider has sent is of no more use, and nobody's to copy.
if (location.pathname !== '/login') history.replaceState(null, '', '/login');

function useFragment() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  history.replaceState(null, '', location.pathname + location.search);
  if (token) signIn(token);
}
addEventListener('hashchange', () => location.hash && useFragment()); // another link in the same tab
if (location.hash) useFragment();
