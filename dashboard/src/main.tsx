import { render } from 'preact';
import { App } from './app.tsx';
import { goLive } from './state/live.ts';
import { followLinks } from './state/router.ts';
import { listenToKeys } from './state/shortcuts.ts';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app');
document.addEventListener('click', followLinks);
listenToKeys();
goLive();
render(<App />, root);
