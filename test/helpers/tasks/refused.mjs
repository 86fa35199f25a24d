/** Fails as a request to an address fails where nobody listens. */
export default () => fetch('http://127.0.0.1:2/');
