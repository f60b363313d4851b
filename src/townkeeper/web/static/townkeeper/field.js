/* Position by a button only, distance on the page, before and after one over the other. Without this
   script every page still reads and every form still posts; the buttons that need it stay hidden. */
(() => {
  'use strict';
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const number = text => (text === undefined || text === null || text === '' || Number.isNaN(Number(text)) ? null : Number(text));
  const R = 6371008.8, rad = Math.PI / 180;
  const metres = (lat1, lon1, lat2, lon2) => {
    const half = Math.sin((lat2 - lat1) * rad / 2) ** 2 + Math.cos(lat1 * rad) * Math.cos(lat2 * rad) * Math.sin((lon2 - lon1) * rad / 2) ** 2;
    return 2 * R * Math.asin(Math.min(1, Math.sqrt(half)));
  };
  const say = length => (length < 1000 ? `${Math.round(length)} m` : `${(length / 1000).toFixed(1)} km`);
  const failed = document.body.dataset.noPosition || '';
  const locate = () => new Promise((take, refuse) => {
    if (!navigator.geolocation) { refuse(new Error('none')); return; }
    navigator.geolocation.getCurrentPosition(at => take(at.coords), refuse, {enableHighAccuracy: true, timeout: 15000, maximumAge: 10000});
  });
  window.TownField = {metres, say, locate, number};

  /* the list, nearest first: the position goes into the form's own fields and the form is sent */
  all('form[data-locate]').forEach(form => {
    const button = one('[data-locate-button]', form), said = one('[data-locate-said]', form);
    if (!navigator.geolocation) return;
    button.hidden = false;
    form.addEventListener('submit', async event => {
      if (form.dataset.ready) return;
      event.preventDefault();
      button.setAttribute('aria-busy', 'true');
      try {
        const at = await locate();
        form.elements.lat.value = at.latitude.toFixed(4);
        form.elements.lon.value = at.longitude.toFixed(4);
        form.dataset.ready = '1';
        form.requestSubmit();
      } catch {
        button.removeAttribute('aria-busy');
        said.textContent = failed;
      }
    });
  });
  window.addEventListener('pageshow', () => all('form[data-locate]').forEach(form => { delete form.dataset.ready; const button = one('[data-locate-button]', form); if (button) button.removeAttribute('aria-busy'); }));

  /* how far am I? nothing is sent */
  all('[data-distance]').forEach(button => {
    const said = one('[data-distance-said]');
    if (!navigator.geolocation || !said) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        const at = await locate();
        said.textContent = `${say(metres(at.latitude, at.longitude, number(button.dataset.lat), number(button.dataset.lon)))} (± ${Math.round(at.accuracy)} m)`;
      } catch { said.textContent = failed; }
    });
  });

  /* on the spot: the position goes with the form */
  all('[data-onspot]').forEach(box => {
    const form = box.closest('form'), button = one('[data-onspot-button]', box), said = one('[data-onspot-said]', box);
    const lat = number(form.dataset.lat), lon = number(form.dataset.lon);
    if (!navigator.geolocation || lat === null) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        const at = await locate();
        one('input[name$="-lat"], input[name="lat"]', box).value = at.latitude.toFixed(6);
        one('input[name$="-lon"], input[name="lon"]', box).value = at.longitude.toFixed(6);
        one('input[name$="-accuracy"], input[name="accuracy"]', box).value = Math.round(at.accuracy);
        const far = metres(at.latitude, at.longitude, lat, lon), near = far <= Number(form.dataset.metres) + Math.min(at.accuracy, Number(form.dataset.metres));
        said.textContent = `${say(far)} (± ${Math.round(at.accuracy)} m)`;
        said.classList.remove('mut', 'small');
        box.classList.toggle('is-far', !near);
        box.classList.toggle('is-near', near);
      } catch { said.textContent = failed; }
    });
  });

  /* before and after, one over the other */
  all('[data-compare]').forEach(box => {
    const slider = one('input[type=range]', box.parentElement);
    const draw = () => box.style.setProperty('--cut', `${100 - slider.value}%`);
    slider.addEventListener('input', draw);
    draw();
  });
})();
