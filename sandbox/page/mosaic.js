/**
 * Lays an album out as a mosaic: two to ten pictures in rows of full width, or one tall picture beside a column.
 *
 * Every arrangement is tried, and the one taken that crops least and comes closest to a pleasant overall shape.
 */

const GOOD_SHAPE = 1.3; // width : height of the whole
const NARROWEST_TILE = 0.2; // of the width
const LONGEST_ROW = 4;
const HIGHEST = 1.1; // of the width

/**
 * ratios: width / height of each picture, in their order. Returns the shape (width / height) of the whole and, for
 * each picture, its tile as fractions: {x, y, width, height}.
 */
export function mosaic(ratios) {
  const tame = ratios.map((ratio) => Math.min(Math.max(ratio, 0.66), 1.7)); // what is more extreme is cropped
  const candidates = partitions(tame.length).map((rows) => inRows(tame, rows));
  if (tame.length === 3 || tame.length === 4) candidates.push(besideColumn(tame));
  const best = candidates.reduce((left, right) => (cost(right, ratios) < cost(left, ratios) ? right : left));
  return {
    shape: 1 / best.height,
    tiles: best.tiles.map((tile) => ({ ...tile, y: tile.y / best.height, height: tile.height / best.height })),
  };
}

/** Ways to cut `count` pictures into rows of 1 to 4. */
function partitions(count) {
  if (count === 0) return [[]];
  const all = [];
  for (let first = 1; first <= Math.min(count, LONGEST_ROW); first += 1) {
    for (const rest of partitions(count - first)) all.push([first, ...rest]);
  }
  return all;
}

/** Rows of full width 1, each as high as its pictures make it. */
function inRows(ratios, rows) {
  const tiles = [];
  let y = 0;
  for (const length of rows) {
    const row = ratios.slice(tiles.length, tiles.length + length);
    const height = Math.min(Math.max(1 / sum(row), 0.22), length === 1 ? 0.75 : 1);
    let x = 0;
    for (const ratio of row) {
      const width = ratio / sum(row);
      tiles.push({ x, y, width, height });
      x += width;
    }
    y += height;
  }
  const squeeze = Math.min(1, HIGHEST / y);
  return {
    tiles: tiles.map((tile) => ({ ...tile, y: tile.y * squeeze, height: tile.height * squeeze })),
    height: y * squeeze,
  };
}

/** The first picture at the left in full height, the others in a column beside it. */
function besideColumn(ratios) {
  const [first, ...others] = ratios;
  const column = 1 / sum(others.map((ratio) => 1 / ratio)); // width : height of the column
  const height = Math.min(Math.max(1 / (first + column), 0.5), HIGHEST);
  const left = Math.min(Math.max(first / (first + column), 0.5), 0.72);
  const tiles = [{ x: 0, y: 0, width: left, height }];
  let y = 0;
  for (const ratio of others) {
    const part = (height * column) / ratio;
    tiles.push({ x: left, y, width: 1 - left, height: part });
    y += part;
  }
  return { tiles, height };
}

/** How much is cropped, how far the whole is from a good shape, how thin the tiles get, how uneven the sizes are. */
function cost({ tiles, height }, ratios) {
  const cropped =
    sum(tiles.map((tile, at) => Math.abs(Math.log(tile.width / tile.height / ratios[at])))) / tiles.length;
  const areas = tiles.map((tile) => tile.width * tile.height);
  const uneven = Math.log(Math.max(...areas) / Math.min(...areas));
  const thin = tiles.filter((tile) => Math.min(tile.width, tile.height) < NARROWEST_TILE).length;
  return 1.2 * cropped + Math.abs(Math.log(GOOD_SHAPE * height)) + 0.2 * uneven + thin;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
