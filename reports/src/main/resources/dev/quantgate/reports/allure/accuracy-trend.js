// A widget of Allure 2's overview: scores, deltas and flips of each suite over the last releases.
(function () {
  'use strict';
  var View = Object.getPrototypeOf(allure.components.WidgetStatusView);

  function text(value) {
    return String(value).replace(/[&<>"']/g, function (c) {
      return '&#' + c.charCodeAt(0) + ';';
    });
  }

  function points(value) {
    return (value > 0 ? '+' : '') + value.toFixed(2);
  }

  function row(release, index) {
    return release.suites.map(function (suite) {
      return '<tr><td>' + text(index === 0 ? 'this' : '-' + index) + '</td><td>' + text(suite.suite)
        + '</td><td>' + suite.baseline.toFixed(1) + '</td><td>' + suite.candidate.toFixed(1)
        + '</td><td>' + points(suite.delta) + '</td><td>' + text(suite.losses) + ' / '
        + text(suite.gains) + '</td><td>' + text(release.verdict) + '</td></tr>';
    }).join('');
  }

  var Trend = View.extend({
    template: function (data) {
      return '<h2 class="widget__title">Accuracy by release</h2>'
        + '<table class="table"><thead><tr><th>release</th><th>suite</th><th>baseline %</th>'
        + '<th>candidate %</th><th>delta</th><th>lost / gained</th><th>verdict</th></tr></thead>'
        + '<tbody>' + (data.items || []).map(row).join('') + '</tbody></table>';
    }
  });
  allure.api.addWidget('widgets', 'accuracy-trend', Trend);
})();
