// A camera that a test holds: a photo of a face, far until the recording has begun, then near, lit by the screen.
(() => {
  const [WIDTH, HEIGHT, RATE] = [320, 240, 30];
  const camera = (window.camera = {
    photo: '', // URL of a photo
    face: { x: 0, y: 0, eyes: 1 }, // between the eyes, and the distance of these, px of the photo
    far: 24, // distance of the eyes, px of the video
    near: 54,
    waits: 1200, // ms from the recording's begin until the face comes closer
    moves: 2500, // ms that it takes
    reflects: 0, // share of the screen's light on the face
    second: false, // a second face, beside the first
    comes: true, // whether the face comes closer at all
    began: undefined,
    colour: undefined, // of the screen, once it shines
    frames: 0,
  });
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = canvas.getContext('2d');
  const photo = new Image();

  function distance() {
    if (camera.began === undefined || !camera.comes) {
      return camera.far;
    }
    const part = Math.min(1, Math.max(0, (performance.now() - camera.began - camera.waits) / camera.moves));
    return camera.far * (camera.near / camera.far) ** part;
  }

  function drawFace(eyes, x, y) {
    const scale = eyes / camera.face.eyes;
    context.drawImage(
      photo, x - camera.face.x * scale, y - camera.face.y * scale, photo.width * scale, photo.height * scale,
    );
  }

  function draw() {
    const eyes = distance();
    const y = HEIGHT / 2 - eyes * 0.35;
    const sway = 1.5 * Math.sin(performance.now() / 700); // nobody holds quite still
    context.fillStyle = '#7a8288';
    context.fillRect(0, 0, WIDTH, HEIGHT);
    drawFace(eyes, WIDTH / 2 + sway, y);
    if (camera.second) {
      context.save();
      context.beginPath();
      context.rect(0, 0, WIDTH * 0.3, HEIGHT);
      context.clip();
      drawFace(camera.far, WIDTH * 0.14, y);
      context.restore();
    }
    if (camera.colour && camera.reflects) {
      context.save();
      context.globalCompositeOperation = 'lighter';
      context.globalAlpha = camera.reflects;
      context.fillStyle = camera.colour;
      context.beginPath();
      context.ellipse(WIDTH / 2 + sway, y + eyes * 0.35, eyes * 1.05, eyes * 1.5, 0, 0, 2 * Math.PI);
      original.call(context);
      context.restore();
    }
    camera.frames += 1;
  }
  const original = CanvasRenderingContext2D.prototype.fill;

  // What the screen shows: the component paints its colours on a canvas that fills it.
  const fillRect = CanvasRenderingContext2D.prototype.fillRect;
  CanvasRenderingContext2D.prototype.fillRect = function (...box) {
    if (this.canvas !== canvas && box[3] > 0) {
      camera.painted = [...(camera.painted ?? []).slice(-400), [performance.now(), this.fillStyle, ...box]];
      camera.colour = this.fillStyle;
    }
    return fillRect.apply(this, box);
  };

  const start = MediaRecorder.prototype.start;
  MediaRecorder.prototype.start = function (...options) {
    camera.began = performance.now();
    return start.apply(this, options);
  };

  const media = navigator.mediaDevices;
  const getUserMedia = media?.getUserMedia.bind(media);
  if (media) {
    media.getUserMedia = async (constraints) => {
      const real = await getUserMedia(constraints); // it asks for leave, as ever
      real.getTracks().forEach((track) => track.stop());
      photo.src = camera.photo;
      await photo.decode();
      draw();
      setInterval(draw, 1000 / RATE);
      return canvas.captureStream(RATE);
    };
  }
})();
