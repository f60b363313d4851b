/* Draws where things came back: a circle for each relapse, larger the more often. The list above says the same. */
(() => {
  'use strict';
  const element = document.querySelector('[data-chains]');
  if (!element || !window.L) return;
  const rows = JSON.parse(document.getElementById(element.dataset.chains).textContent);
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const map = L.map(element, {attributionControl: false, scrollWheelZoom: false, zoomSnap: .1});
  const marks = rows.map(row => {
    const link = document.createElement('a');
    link.href = row.href;
    link.textContent = `${row.title} (${row.times})`;
    return L.circleMarker([row.lat, row.lon], {radius: 5 + Math.min(row.times, 10), color: colour('--card-r-line'), weight: 1, fillColor: colour('--card-r'), fillOpacity: .55}).bindPopup(link).addTo(map);
  });
  map.fitBounds(L.featureGroup(marks).getBounds().pad(.15), {maxZoom: 16});
  L.control.scale({imperial: false}).addTo(map);
})();
