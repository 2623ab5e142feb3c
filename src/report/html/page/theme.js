const themeButton = byId('theme');
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === undefined ? systemIsDark.matches : chosen === 'dark';
}

function showTheme() {
  themeButton.setAttribute('aria-pressed', `${isDark()}`);
}

themeButton.addEventListener('click', () => {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  showTheme();
});
systemIsDark.addEventListener('change', showTheme);
showTheme();
