// Browsers start no worker from the disk, and the search of this site is one: there its script runs
// in a frame that nobody sees. The theme would fetch the like of this from elsewhere.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super()
      this.waiting = []
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.documentElement.append(frame)
      const inside = (this.inside = frame.contentWindow)
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }))
      // What a worker loads it has when the call returns; of languages there is only one here.
      inside.importScripts = () => {}
      const script = inside.document.createElement("script")
      script.src = new URL(url, location.href).href
      script.onload = () => {
        const told = this.waiting
        this.waiting = undefined
        told.forEach((data) => this.postMessage(data))
      }
      inside.document.documentElement.append(script)
    }

    postMessage(data) {
      if (this.waiting) {
        this.waiting.push(data)
      } else {
        this.inside.dispatchEvent(new MessageEvent("message", { data }))
      }
    }

    terminate() {
      this.inside.frameElement.remove()
    }
  }
}
