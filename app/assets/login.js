// Takes the one-use token out of the link's fragment, so that it reaches neither a log nor a Referer,
// and posts it. A link or token pasted into the form goes the same way.
const form = document.getElementById('sign-in');
const field = document.getElementById('token');
const button = form.querySelector('button');
const status = document.getElementById('say');

const tokenOf = (text) => text.trim().replace(/^.*#token=/, '');

function say(text, bad = false) {
  status.textContent = text;
  status.classList.toggle('bad', bad);
}

async function signIn(token) {
  button.disabled = true;
  say('Signing in …');
  try {
    const answer = await fetch('/login', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-vx-csrf': '1' },
      body: JSON.stringify({ token, next: new URLSearchParams(location.search).get('next') ?? '/' }),
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
  button.disabled = false;
  field.focus();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  signIn(tokenOf(field.value));
});

function useFragment() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  history.replaceState(null, '', location.pathname + location.search);
  if (token) signIn(token);
}
addEventListener('hashchange', () => location.hash && useFragment()); // another link in the same tab
if (location.hash) useFragment();
