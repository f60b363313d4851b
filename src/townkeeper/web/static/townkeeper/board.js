/* The supervision board renews itself by htmx: not while somebody reads a rule, chooses a filter or looks elsewhere.
   The pause is a link, so that it works without this file and stands in the address. */
(() => {
  'use strict';
  const EVENT = 'board:refresh';
  const busy = board => document.hidden || board.querySelector('details[open]')
    || (board.contains(document.activeElement) && document.activeElement.matches('select'));
  let since = Date.now();
  setInterval(() => {
    const board = document.querySelector('[data-live]');
    if (!board || Date.now() - since < Number(board.dataset.live) * 1000 || busy(board)) return;
    since = Date.now();
    board.dispatchEvent(new CustomEvent(EVENT));
  }, 1000);

  /* a list that is being handed over goes on by itself; the button is there without this file */
  const going = document.querySelector('form[data-goes-on]');
  if (going) setTimeout(() => going.requestSubmit(), 600);
})();
