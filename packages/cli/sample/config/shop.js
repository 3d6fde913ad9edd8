export const shop = {
  name: "Tidepool",
  paymentKey: "{{PAYMENT_KEY}}",
  currency: "euro",
};
