// The part of the pixels that clearly differ between two PNG images in base64.
async ([one, other]) => {
  const pixels = async (data) => {
    const image = new Image()
    image.src = `data:image/png;base64,${data}`
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')
    context.drawImage(image, 0, 0)
    return [image.width, image.height, context.getImageData(0, 0, image.width, image.height).data]
  }
  const [width, height, before] = await pixels(one)
  const [newWidth, newHeight, after] = await pixels(other)
  if (width !== newWidth || height !== newHeight) return `${newWidth}x${newHeight} instead of ${width}x${height}`
  let differing = 0
  for (let at = 0; at < before.length; at += 4) {
    const most = Math.max(...[0, 1, 2].map((colour) => Math.abs(before[at + colour] - after[at + colour])))
    if (most > 48) differing += 1
  }
  return differing / (width * height)
}
