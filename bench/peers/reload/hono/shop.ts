export interface Shop {
  isOpen: boolean;
  beats: number;
}

/** What a lifespan and its task are by hand: opened before the first request, ended in order. */
export function openShop(): { readonly shop: Shop; readonly close: () => void } {
  const shop: Shop = { isOpen: true, beats: 0 };
  const beating = setInterval(() => shop.beats++, 50);
  return {
    shop,
    close() {
      clearInterval(beating);
      shop.isOpen = false;
    },
  };
}
