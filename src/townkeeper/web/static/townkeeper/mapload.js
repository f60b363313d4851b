/* A page that only ends in a small map does not wait for it: the map's scripts come when it comes into
   view. Without a script the address beside the map says the same. */
(() => {
  'use strict';
  const wanted = (document.currentScript.dataset.scripts || '').split(' ').filter(Boolean);
  const boxes = [...document.querySelectorAll('[data-map]')];
  const load = list => {
    if (!list.length) return;
    const script = document.createElement('script');
    script.src = list[0];
    script.addEventListener('load', () => load(list.slice(1)));
    document.head.append(script);
  };
  if (!boxes.length) return;
  const watch = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    watch.disconnect();
    load(wanted);
  }, {rootMargin: '100px'});
  boxes.forEach(box => watch.observe(box));
})();
