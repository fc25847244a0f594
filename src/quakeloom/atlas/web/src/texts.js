// What the page says, in English and Japanese.

const TEXTS = {
  atlas: ["Stress atlas", "応力アトラス"],
  loading: ["Loading", "読み込み中"],
  events: ["events", "地震"],
  mechanisms: ["mechanisms", "発震機構解"],
  nodes: ["stress nodes", "応力格子点"],
  stations: ["stations", "観測点"],
  faults: ["faults", "断層"],
  synthetic: ["Synthetic data", "合成データ"],
  syntheticHint: ["The earthquakes of this atlas are simulated.", "このアトラスの地震は数値シミュレーションによるものです。"],
  search: ["Search event, station, fault, or latitude, longitude", "地震・観測点・断層、または緯度,経度を検索"],
  searchShort: ["Search", "検索"],
  noMatch: ["Nothing found", "該当なし"],
  layers: ["Layers", "レイヤー"],
  filters: ["Filters", "絞り込み"],
  shown: ["shown", "表示中"],
  bars: ["SHmax directions", "SHmax の方位"],
  fans: ["95 % ranges of SHmax", "SHmax の 95 % 範囲"],
  field: ["Field", "面表示"],
  balls: ["Focal mechanisms", "発震機構解"],
  hypocenters: ["Hypocenters", "震源"],
  stationsLayer: ["Stations", "観測点"],
  faultsLayer: ["Faults, by slip tendency", "断層(すべりやすさ)"],
  graticule: ["Grid of coordinates", "経緯線"],
  colorBy: ["Color by", "色分け"],
  none: ["none", "なし"],
  f_a_phi: ["Regime number A_phi", "応力場の型 A_phi"],
  f_shmax_std_deg: ["Uncertainty of SHmax", "SHmax の不確かさ"],
  f_shape_ratio: ["Shape ratio", "応力比"],
  f_shape_ratio_std: ["Uncertainty of the shape ratio", "応力比の不確かさ"],
  f_mechanism_count: ["Mechanisms per node", "格子点ごとの解の数"],
  f_resolution: ["Share decided by own data", "自身のデータの寄与"],
  f_regime: ["Regime", "応力場の型"],
  c_depth: ["depth", "深さ"],
  c_time: ["time", "時刻"],
  c_magnitude: ["magnitude", "マグニチュード"],
  c_regime: ["faulting type", "断層型"],
  quality: ["Quality of mechanisms", "解の品質"],
  unsolved: ["no solution", "解なし"],
  stressQuality: ["Quality of SHmax", "SHmax の品質"],
  depth: ["Depth", "深さ"],
  magnitude: ["Magnitude", "マグニチュード"],
  time: ["Time", "時刻"],
  from: ["from", "から"],
  to: ["to", "まで"],
  reset: ["Reset filters", "絞り込みを解除"],
  sliceDepth: ["Depth of the map", "地図の深さ"],
  sliceTime: ["Time of the map", "地図の時刻"],
  legend: ["Legend", "凡例"],
  NF: ["Normal", "正断層"],
  NS: ["Normal, strike-slip", "正断層・横ずれ"],
  SS: ["Strike-slip", "横ずれ断層"],
  TS: ["Thrust, strike-slip", "逆断層・横ずれ"],
  TF: ["Thrust", "逆断層"],
  U: ["Undefined", "分類外"],
  barLegend: ["Bars: largest horizontal compression; longer where more certain. Fans: 95 % range.", "線分:最大水平圧縮の方位(長いほど確か)。扇形:95 % 範囲。"],
  ballLegend: ["Lower hemisphere, compression filled. More appear on zooming in.", "発震機構解:下半球投影、押し領域を着色。拡大すると増えます。"],
  zoomIn: ["Zoom in", "拡大"],
  zoomOut: ["Zoom out", "縮小"],
  home: ["Whole map", "全体表示"],
  section: ["Cross-section", "断面図"],
  drawSection: ["Draw a cross-section", "断面線を引く"],
  sectionHint: ["Press and drag on the map from one end of the section to the other.", "地図上で断面の一端から他端へドラッグしてください。"],
  sectionWidth: ["Half width", "片幅"],
  sectionNone: ["Draw a line on the map: button “Cross-section”, or key S.", "「断面図」ボタンまたは S キーで地図に線を引いてください。"],
  along: ["Distance along the section (km)", "断面に沿った距離 (km)"],
  depthKm: ["Depth (km)", "深さ (km)"],
  table: ["Table", "表"],
  charts: ["Charts", "グラフ"],
  inView: ["in view only", "表示範囲のみ"],
  download: ["Download selection", "選択を保存"],
  rows: ["rows", "行"],
  filterId: ["Identifier contains", "識別子に含む文字"],
  map: ["Map", "地図"],
  mapLabel: ["Map of the stress atlas. Arrow keys move, plus and minus zoom, Enter opens what is in the middle, S draws a section.", "応力アトラスの地図。矢印キーで移動、+ と - で拡大縮小、Enter で中央の対象を開き、S で断面を引きます。"],
  about: ["About", "このアトラスについて"],
  close: ["Close", "閉じる"],
  theme: ["Dark mode", "ダークモード"],
  language: ["日本語", "English"],
  link: ["Copy link", "リンクをコピー"],
  linkCopied: ["Link copied", "リンクをコピーしました"],
  print: ["Print", "印刷"],
  menu: ["Layers and filters", "レイヤーと絞り込み"],
  node: ["Node of the stress map", "応力格子点"],
  event: ["Earthquake", "地震"],
  station: ["Station", "観測点"],
  fault: ["Fault", "断層"],
  shmax: ["SHmax", "SHmax"],
  range95: ["95 % range", "95 % 範囲"],
  shapeRatio: ["Shape ratio", "応力比"],
  regime: ["Regime", "応力場の型"],
  axes: ["Principal axes", "主応力軸"],
  axis: ["Axis", "軸"],
  azimuth: ["Azimuth", "方位角"],
  plunge: ["Plunge", "伏角"],
  within95: ["95 % within", "95 % 範囲"],
  rose: ["SHmax, posterior", "SHmax の事後分布"],
  stereonet: ["Principal axes with 95 % regions (lower hemisphere)", "主応力軸と 95 % 領域(下半球)"],
  mohr: ["Mohr circles; dots are nodal planes of its mechanisms", "モール円。点は解の節面"],
  normalStress: ["normal stress, from S3 = 0 to S1 = 1", "法線応力(S3 = 0, S1 = 1)"],
  shearStress: ["shear", "せん断"],
  ratioHistogram: ["Shape ratio, posterior", "応力比の事後分布"],
  regimeProbability: ["Probability of each regime", "型ごとの確率"],
  itsMechanisms: ["Mechanisms whose nearest node it is", "最寄りの発震機構解"],
  mechanismCount: ["Mechanisms", "解の数"],
  resolution: ["Decided by own data", "自身のデータの寄与"],
  qualityLetter: ["Quality", "品質"],
  planes: ["Nodal planes", "節面"],
  strike: ["Strike", "走向"],
  dip: ["Dip", "傾斜"],
  rake: ["Rake", "すべり角"],
  uncertainty: ["Uncertainty", "不確かさ"],
  probability: ["Probability", "確率"],
  polarities: ["Polarities", "極性"],
  misfit: ["Misfit", "不一致"],
  gap: ["Azimuthal gap", "方位ギャップ"],
  depthRange: ["95 % range of depth", "深さの 95 % 範囲"],
  ellipse: ["68 % ellipse", "68 % 誤差楕円"],
  place: ["Place", "位置"],
  status: ["Status", "状態"],
  acceptedPlanes: ["acceptable mechanisms", "許容される解"],
  up: ["up", "押し"],
  down: ["down", "引き"],
  notUsed: ["not used", "不使用"],
  sphere: ["Focal sphere (lower hemisphere) with acceptable planes and first motions", "震源球(下半球):許容される節面と初動極性"],
  sphereNoDetails: ["Focal sphere (lower hemisphere)", "震源球(下半球)"],
  elevation: ["Elevation", "標高"],
  verdict: ["Station report", "観測点の判定"],
  contradict: ["Contradict", "矛盾"],
  tendency: ["Slip tendency", "すべりやすさ"],
  predictedRake: ["Predicted rake", "予測すべり角"],
  knownRake: ["Known rake", "既知のすべり角"],
  whatNumbers: ["What the numbers mean", "数値の意味"],
  nearest: ["Go to nearest node", "最寄りの格子点へ"],
  cite: ["Cite as", "引用"],
  version: ["Version", "版"],
  versions: ["Sealed versions", "封印された版"],
  digests: ["Digests of what made it", "生成元のダイジェスト"],
  missing: ["What is not in it", "含まれないもの"],
  files: ["Files for other programs", "他のソフトウェア用ファイル"],
  keys: ["Keys", "キー操作"],
  keysText: ["Arrow keys move the map, + and − zoom, 0 shows all, Enter opens what is in the middle, S draws a section, Escape closes.", "矢印キーで移動、+ と − で拡大縮小、0 で全体、Enter で中央の対象、S で断面、Esc で閉じる。"],
  licenses: ["Licences of parts of the page", "使用ライブラリのライセンス"],
  projection: ["Projection", "投影法"],
  stereographic: ["oblique stereographic (angles are true)", "斜軸平射図法(正角)"],
  azimuthal: ["Lambert azimuthal equal-area", "ランベルト正積方位図法"],
  equal_earth: ["Equal Earth", "イコールアース図法"],
  coastSource: ["Coastline", "海岸線"],
  cumulative: ["Events in the selection through time", "選択した地震の時系列"],
  perBin: ["per bin", "区間ごと"],
  cumulativeNumber: ["cumulative", "積算"],
  frequency: ["Number of events at least as large", "マグニチュード以上の地震数"],
  emptyMap: ["There is nothing to show on the map.", "地図に表示するデータがありません。"],
  failed: ["A file of the atlas is missing or damaged", "アトラスのファイルが欠損または破損しています"],
  selected: ["Selected", "選択"],
  center: ["in the middle", "中央"],
  approximate: ["Values in the page are rounded; the files for other programs have all digits.", "ページの値は丸められています。全桁は他のソフトウェア用ファイルにあります。"],
  id: ["Identifier", "識別子"],
  latitude: ["Latitude", "緯度"],
  longitude: ["Longitude", "経度"],
  variable: ["Variable", "変数"],
  unit: ["Unit", "単位"],
  meaning: ["Meaning", "意味"],
  days: ["days", "日"],
  openEvent: ["Open", "開く"],
  moreEvents: ["more", "件"],
  expand: ["Open or close the panel below the map", "下のパネルを開閉"],
  misfits: ["Misfit of polarities of its mechanisms", "その発震機構解の極性の不一致"],
  median: ["median", "中央値"],
  cellFile: ["All numbers of this place (JSON)", "この地点の全数値 (JSON)"],
  cellCsv: ["This node as CSV", "この格子点を CSV で保存"],
  outsideMap: ["outside the stress map", "応力場の範囲外"],
  foundStatus: ["Found in hypocenters", "震源分布からの検出"],
  faultEvents: ["Events", "地震数"],
  faultLength: ["Length", "長さ"],
  faultWidth: ["Width", "幅"],
  faultChance: ["Chance without planes", "面がない場合の偶然確率"],
  knownFault: ["Known fault", "既知断層"],
  planeLegend: ["Outlines: planes found in the hypocenters, thick at the upper edge, dashed where doubtful.", "枠:震源分布から検出した断層面(太線は上端、破線は不確実)。"],
  interface: ["Index of the static interface for programs", "プログラム用インターフェースの目次"],
  filesCount: ["files", "ファイル"],
  withData: ["with a direction", "方位あり"],
};

let language = 0;

export function setLanguage(name) {
  language = name === "ja" ? 1 : 0;
}

export const isJapanese = () => language === 1;

/** A text of the page in the language that is set. */
export function t(key) {
  const found = TEXTS[key];
  return found ? found[language] : key;
}

const CODES = {
  solved: "解あり", too_few_polarities: "極性が不足", azimuthal_gap: "方位ギャップが大", takeoff_gap: "射出角ギャップが大",
  no_solution: "解なし", invalid_event: "不正な地震", error: "エラー", located: "震源決定済み", too_few_picks: "読み取りが不足",
  stations_in_line: "観測点が一直線", outside_model: "モデルの範囲外", not_earthquake: "地震ではない", below_takeoff_table: "射出角表より深い",
  misfit: "不一致が大", stable: "確実", doubtful: "不確実", matched: "既知断層と一致", offset: "既知断層からずれ", unknown: "対応する既知断層なし",
  normal: "正常", reversed: "極性反転", uninformative: "情報不足", mixed: "混在", too_few: "読み取りが不足",
};

/** Words of a code of the registry, such as too_few_polarities. */
export function words(code) {
  return (language && CODES[code]) || String(code).replace(/_/g, " ");
}

const MINUS = "\u2212";

/** A number with a number of decimals, a dash where it is not known. */
export function number(value, decimals = 1) {
  if (value === null || value === undefined || !isFinite(value)) return "–";
  const text = value.toFixed(decimals);
  return Number(text) < 0 ? MINUS + text.slice(1) : text.replace(/^-/, "");
}

export function count(value) {
  return value.toLocaleString("en-US");
}

export function degrees(value, decimals = 0) {
  return isFinite(value) ? `${number(value, decimals)}°` : "–";
}

/** A time in seconds since 1970 as UTC. */
export function moment(seconds, long = true) {
  if (!isFinite(seconds)) return "–";
  const text = new Date(seconds * 1000).toISOString();
  return long ? `${text.slice(0, 10)} ${text.slice(11, 19)}` : text.slice(0, 10);
}

export function placeText(longitude, latitude) {
  const lon = ((((longitude + 180) % 360) + 360) % 360) - 180;
  return `${number(Math.abs(latitude), 3)}° ${latitude < 0 ? "S" : "N"}, ${number(Math.abs(lon), 3)}° ${lon < 0 ? "W" : "E"}`;
}
