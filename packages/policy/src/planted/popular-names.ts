/** Names so well known that a name beside them is suspicious. From memory of what most projects use; not complete. */
export const popularNames: Readonly<Record<"npm" | "pypi" | "crates", ReadonlySet<string>>> = {
  npm: new Set(
    `react preact react-dom react-router next vue angular svelte express koa fastify nestjs lodash underscore axios node-fetch undici got request
    chalk commander yargs inquirer ora debug dotenv uuid nanoid moment dayjs date-fns luxon typescript webpack rollup esbuild vite parcel
    babel eslint prettier jest mocha chai vitest sinon cypress playwright puppeteer nodemon rimraf glob minimatch semver mkdirp fs-extra
    cross-env concurrently husky lint-staged mongoose mongodb sequelize prisma typeorm knex mysql mysql2 sqlite3 better-sqlite3 redis ioredis
    socket.io passport jsonwebtoken bcrypt bcryptjs helmet cors body-parser cookie-parser multer morgan winston pino zod joi yup ajv
    graphql apollo-server rxjs redux react-redux mobx zustand valtio jotai immer classnames styled-components tailwindcss postcss autoprefixer sass less
    bootstrap jquery d3 three chart.js leaflet socket.io-client electron discord.js aws-sdk firebase stripe openai tslib colors async bluebird
    handlebars ejs pug marked markdown-it sharp jimp cheerio jsdom xml2js yaml js-yaml toml ini minimist yargs-parser through2 readable-stream
    event-stream ua-parser-js coa rc qs query-string form-data mime mime-types content-type ws tough-cookie iconv-lite safe-buffer`.split(
      /\s+/,
    ),
  ),
  pypi: new Set(
    `requests httplib2 urllib3 numpy pandas scipy matplotlib scikit-learn tensorflow torch keras transformers flask django fastapi starlette uvicorn
    gunicorn celery redis sqlalchemy alembic psycopg2 psycopg2-binary pymysql pymongo boto3 botocore awscli pyyaml toml tomli jinja2 markupsafe
    click typer rich colorama tqdm pytest tox coverage hypothesis mypy black ruff flake8 pylint isort setuptools wheel virtualenv poetry pipenv
    cryptography pycryptodome paramiko bcrypt pyjwt python-dateutil python-dotenv pytz arrow pydantic attrs marshmallow beautifulsoup4 lxml
    selenium scrapy pillow opencv-python httpx aiohttp websockets grpcio protobuf openai anthropic langchain nltk spacy networkx sympy
    jupyter notebook ipython jupyterlab streamlit gradio plotly seaborn bokeh openpyxl xlrd docutils sphinx certifi charset-normalizer idna six
    packaging typing-extensions filelock psutil simplejson ujson orjson werkzeug itsdangerous`.split(/\s+/),
  ),
  crates: new Set(
    `serde serde_json serde_derive tokio async-std futures rand regex clap structopt anyhow thiserror log env_logger tracing tracing-subscriber
    reqwest hyper axum actix-web rocket warp tower bytes chrono time uuid lazy_static once_cell rayon crossbeam parking_lot itertools num
    num-traits libc nix winapi syn quote proc-macro2 bitflags base64 hex sha2 digest rustls openssl native-tls url percent-encoding toml
    serde_yaml csv diesel sqlx rusqlite redis tempfile walkdir glob indexmap hashbrown smallvec either memchr byteorder criterion proptest
    rustdecimal rust_decimal wasm-bindgen js-sys web-sys tonic prost dashmap ahash socket2 mio`.split(/\s+/),
  ),
};
