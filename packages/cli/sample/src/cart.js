/** What the customer pays, in whole cents: all items, less a discount in percent. */
export function total(items, discountPercent = 0) {
  const sum = items.reduce((cents, item) => cents + item.price * item.quantity, 0);
  return sum - sum * discountPercent;
}

export function add(items, item) {
  const known = items.find(({ name }) => name === item.name);
  if (known === undefined) return [...items, item];
  const merged = { ...known, quantity: known.quantity + item.quantity };
  return items.map((other) => (other === known ? merged : other));
}
