/* A camera in the page, with the photo from before laid over the picture, so that the one from after is
   taken from the same angle. Needs field.js; photo.js where photos are chosen. What it takes goes into the form's own file field, shrunk to
   1600 px; time and position stand beside it in a hidden field, because a drawn picture carries neither.
   Without a camera or this script the file field is all there is, and is enough. */
(() => {
  'use strict';
  const EDGE = 1600, QUALITY = 0.82;
  const one = (selector, root) => root.querySelector(selector);
  const all = (selector, root) => [...root.querySelectorAll(selector)];

  const begin = box => {
    const form = box.closest('form'), input = one('input[type=file]', box), claims = one('input[type=hidden][name*="claims-"]', box);
    const list = one('[data-shots]', box), dialog = one('dialog.camera', box), video = one('video', dialog);
    const said = one('[data-camera-said]', dialog), opener = one('[data-camera]', box), place = {lat: TownField.number(form.dataset.lat), lon: TownField.number(form.dataset.lon)};
    const words = Object.fromEntries(all('[data-word]', one('template[data-words]', box).content).map(each => [each.dataset.word, each.textContent]));
    const ghosts = all('.ghost', dialog);
    let stream = null, watch = null, at = null, facing = 'environment', shots = [];

    const distance = spot => (spot && place.lat !== null ? TownField.metres(spot.lat, spot.lon, place.lat, place.lon) : null);
    const told = spot => {
      const far = distance(spot);
      if (far === null) return {text: place.lat === null ? '' : words.nowhere, far: false};
      const isFar = far > Number(form.dataset.metres) + Math.min(spot.accuracy || 0, Number(form.dataset.metres));
      return {text: (isFar ? words.far : words.near).replace('{distance}', Math.round(far)), far: isFar};
    };

    /* the file field holds what is shown; its order is the order of what is said beside it */
    const store = () => {
      const hold = new DataTransfer();
      shots.forEach(shot => hold.items.add(shot.file));
      input.files = hold.files;
      claims.value = JSON.stringify(shots.map(shot => shot.claim));
      list.replaceChildren(...shots.map((shot, number) => {
        const figure = document.createElement('figure'), image = document.createElement('img'), caption = document.createElement('figcaption'), remove = document.createElement('button');
        const spot = shot.isTaken ? shot.claim : shot.seen, state = told(spot && spot.lat !== undefined ? spot : null);
        image.src = shot.url; image.alt = `${number + 1}`;
        caption.textContent = shot.isTaken || shot.seen ? state.text : shot.file.name;
        figure.classList.toggle('is-far', state.far);
        remove.type = 'button'; remove.className = 'btn s'; remove.textContent = '×';
        remove.setAttribute('aria-label', `${words.remove} ${number + 1}`);
        remove.addEventListener('click', () => { URL.revokeObjectURL(shot.url); shots.splice(number, 1); store(); });
        figure.append(image, caption, remove);
        return figure;
      }));
      form.dispatchEvent(new Event('input', {bubbles: true}));
    };
    const add = (file, claim, isTaken) => { shots.push({file, claim, isTaken, url: URL.createObjectURL(file)}); store(); };

    /* photos that were chosen are made smaller by photo.js and keep what their own camera wrote into them:
       the server reads it */
    input.addEventListener('change', async () => {
      const chosen = [...input.files], buttons = [...form.elements].filter(each => each.type === 'submit');
      store();
      if (!chosen.length) return;
      buttons.forEach(button => { button.disabled = true; });
      try {
        const made = window.townkeeperPhotos ? await Promise.all(chosen.map(window.townkeeperPhotos.shrink)) : chosen.map(file => ({file, exif: {}}));
        made.forEach(({file, exif}) => shots.push({file, claim: {}, seen: exif.lat === undefined ? null : {lat: exif.lat, lon: exif.lon}, isTaken: false, url: URL.createObjectURL(file)}));
      } finally { buttons.forEach(button => { button.disabled = false; }); }
      store();
    });

    const shut = () => {
      if (stream) stream.getTracks().forEach(track => track.stop());
      if (watch !== null) navigator.geolocation.clearWatch(watch);
      stream = null; watch = null;
      video.srcObject = null;
    };
    const show = async () => {
      shut();
      stream = await navigator.mediaDevices.getUserMedia({audio: false, video: {facingMode: facing, width: {ideal: 1920}, height: {ideal: 1440}}});
      video.srcObject = stream;
      if (navigator.geolocation) {
        watch = navigator.geolocation.watchPosition(found => {
          at = {lat: found.coords.latitude, lon: found.coords.longitude, accuracy: found.coords.accuracy};
          const state = told(at);
          said.textContent = state.text;
          said.classList.toggle('is-far', state.far);
        }, () => { at = null; said.textContent = words.nowhere; }, {enableHighAccuracy: true, maximumAge: 5000});
      }
    };
    const take = () => {
      const wide = video.videoWidth, high = video.videoHeight;
      if (!wide) return;
      const scale = Math.min(1, EDGE / Math.max(wide, high)), canvas = document.createElement('canvas');
      canvas.width = Math.round(wide * scale); canvas.height = Math.round(high * scale);
      canvas.getContext('2d').drawImage(video, 0, 0, canvas.width, canvas.height);
      const taken = new Date(), ghost = ghosts.find(each => !each.hidden);
      const claim = {taken: taken.toISOString(), ...(ghost ? {before: ghost.dataset.before} : {}), ...(at ? {lat: Number(at.lat.toFixed(6)), lon: Number(at.lon.toFixed(6)), accuracy: Math.round(at.accuracy)} : {})};
      canvas.toBlob(blob => {
        if (!blob) return;
        add(new File([blob], `${taken.toISOString().replace(/[:.]/g, '-')}.jpg`, {type: 'image/jpeg'}), claim, true);
        said.textContent = words.taken.replace('{n}', shots.filter(shot => shot.isTaken).length);
      }, 'image/jpeg', QUALITY);
    };

    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia || !dialog.showModal) return;
    opener.hidden = false;
    opener.addEventListener('click', async () => {
      dialog.showModal();
      try { await show(); } catch { dialog.close(); list.textContent = words.refused; }
    });
    one('[data-shutter]', dialog).addEventListener('click', take);
    one('[data-camera-close]', dialog).addEventListener('click', () => dialog.close());
    one('[data-camera-turn]', dialog).addEventListener('click', async () => {
      facing = facing === 'environment' ? 'user' : 'environment';
      try { await show(); } catch { dialog.close(); list.textContent = words.refused; }
    });
    dialog.addEventListener('close', () => { shut(); opener.focus(); });

    const strength = one('[data-ghost]', dialog), other = one('[data-camera-other]', dialog);
    const fade = () => dialog.style.setProperty('--ghost', strength.value / 100);
    if (strength) { strength.addEventListener('input', fade); fade(); }
    if (other) other.addEventListener('click', () => {
      const now = ghosts.findIndex(each => !each.hidden), next = (now + 1) % ghosts.length;
      ghosts.forEach((each, number) => { each.hidden = number !== next; });
    });
  };
  if (window.TownField && window.DataTransfer) document.querySelectorAll('[data-photos]').forEach(begin);
})();
