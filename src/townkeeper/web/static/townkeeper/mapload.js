/* A page does not wait for its map: the map's style and scripts come when it comes into view.
   Without a script the list or the address beside the map says the same. */
(() => {
  'use strict';
  const wanted = (document.currentScript.dataset.scripts || '').split(' ').filter(Boolean);
  document.querySelectorAll('[data-js]').forEach(part => { part.hidden = false; });
  const boxes = document.querySelectorAll('[data-map], [data-areas], [data-chains]');
  if (!boxes.length || !wanted.length) return;
  const add = address => new Promise(done => {
    const isStyle = address.endsWith('.css'), part = document.createElement(isStyle ? 'link' : 'script');
    if (isStyle) part.rel = 'stylesheet';
    part[isStyle ? 'href' : 'src'] = address;
    part.addEventListener('load', done);
    part.addEventListener('error', done);
    document.head.append(part);
  });
  /* all but the last side by side; the last draws with them */
  const load = () => Promise.all(wanted.slice(0, -1).map(add)).then(() => add(wanted[wanted.length - 1]));
  const watch = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    watch.disconnect();
    load();
  }, {rootMargin: '100px'});
  boxes.forEach(box => watch.observe(box));
})();
