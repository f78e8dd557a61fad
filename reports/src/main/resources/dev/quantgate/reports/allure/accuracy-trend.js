// A widget of Allure 2's overview: losses and gains over the last releases as Allure's own trend chart, and
// the scores, deltas and verdicts behind them as a table.
(function () {
  'use strict';
  var View = Object.getPrototypeOf(allure.components.WidgetStatusView);
  var CELL = ' style="padding: 4px 6px; text-align: right; white-space: nowrap"';
  var NAME = ' style="padding: 4px 6px; text-align: left; white-space: nowrap"';
  var LOST = ['#fd5a3e', '#d35e2e', '#b3402a', '#ff8f6b', '#8f2f20'];
  var GAINED = ['#97cc64', '#6ba53a', '#4b8a2b', '#b7df93', '#2f6b1d'];

  function text(value) {
    return String(value).replace(/[&<>"']/g, function (c) {
      return '&#' + c.charCodeAt(0) + ';';
    });
  }

  function points(value) {
    return (value > 0 ? '+' : '') + value.toFixed(2);
  }

  function day(release) {
    return new Date(release.time).toISOString().slice(0, 10);
  }

  function row(release) {
    return release.suites.map(function (suite, index) {
      return '<tr' + (index ? '' : ' style="border-top: 1px solid #e5e5e5"') + '><td' + NAME + '>'
        + (index === 0 ? day(release) : index === 1 ? text(release.verdict) : '')
        + (index === 0 && release.suites.length === 1 ? ' ' + text(release.verdict) : '') + '</td><td' + NAME
        + '>' + text(suite.suite) + '</td><td' + CELL + '>' + suite.baseline.toFixed(1) + '</td><td' + CELL
        + '>' + suite.candidate.toFixed(1) + '</td><td' + CELL + '><b>' + points(suite.delta) + '</b></td><td'
        + CELL + '>' + text(suite.losses) + ' / ' + text(suite.gains) + '</td></tr>';
    }).join('');
  }

  function head(columns) {
    return columns.map(function (column, index) {
      return '<th scope="col"' + (index < 2 ? NAME : CELL) + '>' + column + '</th>';
    }).join('');
  }

  function flips(release) {
    var data = {};
    release.suites.forEach(function (suite) {
      data[suite.suite + ': lost'] = suite.losses;
      data[suite.suite + ': gained'] = suite.gains;
    });
    return { data: data };
  }

  function color(key) {
    var lost = / lost$/.test(key), colors = lost ? LOST : GAINED, sum = 0;
    for (var i = 0; i < key.indexOf(':'); i++) {
      sum += key.charCodeAt(i);
    }
    return colors[sum % colors.length];
  }

  var Trend = View.extend({
    regions: { chart: '.accuracy-trend__chart' },

    template: function (data) {
      return '<h2 class="widget__title">Accuracy by release</h2>'
        + '<div class="history-trend__chart accuracy-trend__chart"></div>'
        + '<div style="overflow-x: auto"><table style="border-collapse: collapse; width: 100%"><thead><tr>'
        + head(['release', 'suite', 'base %', 'cand. %', 'delta', 'lost / gained'])
        + '</tr></thead><tbody>' + (data.items || []).map(row).join('') + '</tbody></table></div>';
    },

    onRender: function () {
      var releases = this.model.get('items') || [];
      if (releases.length < 2) {
        this.$('.accuracy-trend__chart').remove();
        return;
      }
      var points = new allure.collections.TrendCollection(releases.map(flips), { name: 'accuracy-trend', parse: true });
      points.each(function (point, index) {
        point.set('name', day(releases[releases.length - 1 - index]).slice(5));
      });
      this.showChildView('chart', new allure.components.TrendChartView(
        { model: points, keys: points.keys(), colors: color, hideLines: true, hidePoints: true }));
    }
  });
  allure.api.addWidget('widgets', 'accuracy-trend', Trend);
})();
