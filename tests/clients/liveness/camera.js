// A camera that a test holds: a photo of a face, far until the recording has begun, then in the oval, lit by the screen.
(() => {
  const [WIDTH, HEIGHT, RATE] = [320, 240, 30];
  const camera = (window.camera = {
    photo: '', // URL of a photo
    face: { x: 0, y: 0, eyes: 1 }, // between the eyes, and the distance of these, px of the photo
    far: 24, // distance of the eyes, px of the video
    fits: 0.41, // of the oval's width that the eyes are apart, when the face fills it
    oval: undefined, // that the server asks for, px of the video
    waits: 1200, // ms from the recording's begin until the face comes closer
    moves: 2500, // ms that it takes
    reflects: 0, // share of the screen's light on the face
    second: false, // a second face, beside the first
    comes: true, // whether the face comes closer at all
    began: undefined,
    colour: undefined, // of the screen, once it shines
    colours: new Set(), // all that the screen has shown
    frames: 0,
  });
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [WIDTH, HEIGHT];
  const context = canvas.getContext('2d');
  const photo = new Image();

  // How far the face has come, from 0 to 1.
  function progress() {
    if (camera.began === undefined || camera.oval === undefined || !camera.comes) {
      return 0;
    }
    return Math.min(1, Math.max(0, (performance.now() - camera.began - camera.waits) / camera.moves));
  }

  function drawFace(eyes, x, y) {
    const scale = eyes / camera.face.eyes;
    context.drawImage(
      photo, x - camera.face.x * scale, y - camera.face.y * scale, photo.width * scale, photo.height * scale,
    );
  }

  function draw() {
    const part = progress();
    const oval = camera.oval ?? { Width: 0, CenterX: WIDTH / 2, CenterY: HEIGHT / 2 };
    const eyes = part ? camera.far * ((camera.fits * oval.Width) / camera.far) ** part : camera.far;
    const x = WIDTH / 2 + part * (oval.CenterX - WIDTH / 2);
    const y = HEIGHT / 2 + part * (oval.CenterY - HEIGHT / 2) - eyes * 0.35;
    const sway = 1.5 * Math.sin(performance.now() / 700); // nobody holds quite still
    context.fillStyle = '#7a8288';
    context.fillRect(0, 0, WIDTH, HEIGHT);
    drawFace(eyes, x + sway, y);
    if (camera.second) {
      context.save();
      context.beginPath();
      context.rect(0, HEIGHT * 0.1, WIDTH * 0.2, HEIGHT * 0.45);
      context.clip();
      drawFace(18, WIDTH * 0.1, HEIGHT * 0.3);
      context.restore();
    }
    if (camera.colour && camera.reflects) {
      context.save();
      context.globalCompositeOperation = 'lighter';
      context.globalAlpha = camera.reflects;
      context.fillStyle = camera.colour;
      context.beginPath();
      context.ellipse(x + sway, y + eyes * 0.35, eyes * 1.05, eyes * 1.5, 0, 0, 2 * Math.PI);
      original.call(context);
      context.restore();
    }
    camera.frames += 1;
  }
  const original = CanvasRenderingContext2D.prototype.fill;

  // What the screen shows: the component paints its colours on a canvas that fills it, once they begin.
  const fillRect = CanvasRenderingContext2D.prototype.fillRect;
  CanvasRenderingContext2D.prototype.fillRect = function (...box) {
    if (/freshness/.test(this.canvas.className) && box[3] > 0 && this.canvas.getClientRects().length > 0) {
      camera.colour = this.fillStyle;
      camera.colours.add(this.fillStyle);
    }
    return fillRect.apply(this, box);
  };

  // Whoever sits before the screen sees the oval that the server asks for.
  window.WebSocket = class extends WebSocket {
    constructor(...options) {
      super(...options);
      this.addEventListener('message', async ({ data }) => {
        const bytes = data instanceof Blob ? await data.arrayBuffer() : data;
        const found = new TextDecoder().decode(bytes).match(/"OvalParameters": ?(\{[^}]*\})/);
        camera.oval = found ? JSON.parse(found[1]) : camera.oval;
      });
    }
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
